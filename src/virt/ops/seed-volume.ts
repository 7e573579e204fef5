/** The volume with what cloud-init reads. Its name says whose it is; the machine's metadata does too. */
export function seedVolume(name: string): string {
  return `${name}-seed.iso`
}

/** The machine whose seed a volume of this name is. */
export function seedOf(volume: string): string | undefined {
  return /^(.+)-seed\.iso$/s.exec(volume)?.[1]
}
