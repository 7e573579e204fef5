let way: (code: number) => never = (code) => process.exit(code)

/** Ends the process; everything printed must have been flushed. */
export function exit(code: number): never {
  return way(code)
}

/** Once libvirt is in use its threads may be stuck in a call to a host, so the process must end in another way. */
export function exitThrough(other: (code: number) => never): void {
  way = other
}
