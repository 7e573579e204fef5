/** The volume with what cloud-init reads. Its name says whose it is; the machine's metadata does too. */
export function seedVolume(name: string): string {
  return `${name}-seed.iso`
}

/** The same for one that replaces it: QEMU holds the old one open, and must not see it change. */
export function nextSeedVolume(name: string, instanceId: string): string {
  return `${name}-seed-${instanceId.slice(0, 8)}.iso`
}

/** The machine whose seed a volume of this name is. */
export function seedOf(volume: string): string | undefined {
  return /^(.+)-seed(?:-[0-9a-f]{8})?\.iso$/s.exec(volume)?.[1]
}

/** A seed has secrets and little data; larger discs of that name are somebody's. Bytes. */
export const largestSeed = 64 * 2 ** 20
