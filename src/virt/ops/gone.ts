import { VirtError } from '../errors.js'

/** What `run` gives; null when libvirt fails with one of these codes, as for an object that has gone since it was listed. */
export function unlessGone<T>(run: () => T, ...codes: number[]): T | null {
  try {
    return run()
  } catch (error) {
    if (error instanceof VirtError && error.is(...codes)) return null
    throw error
  }
}
