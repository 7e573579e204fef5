/** The volume with what cloud-init reads. Its name says whose it is; the machine's metadata does too. */
export function seedVolume(name: string): string {
  return `${name}-seed.iso`
}
