import { createRequire } from 'node:module'

type Load = (...values: unknown[]) => unknown

let calls = 0

/**
 * Counts the calls that ffi-rs makes from now on; it must run before src/virt is imported, which keeps what it imports.
 * Returns what tells the number so far.
 */
export function countCalls(): () => number {
  const ffi = createRequire(import.meta.url)('ffi-rs') as { load: Load }
  const { load } = ffi
  ffi.load = (...values) => {
    calls += 1
    return load(...values)
  }
  return () => calls
}
