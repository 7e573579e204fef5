import { DataType, load, open } from 'ffi-rs'

/** RTLD_LAZY: https://man7.org/linux/man-pages/man3/dlopen.3.html */
export const lazy = 1

/** The file that is opened as libvirt's client library. */
export function libraryFile(): string {
  return process.env['BAY_LIBVIRT_LIBRARY'] || 'libvirt.so.0'
}

let path: Buffer | undefined

/**
 * Has the system load libvirt, and the fifty libraries it stands on, on a thread, while this one does something else. Whoever
 * needs it then waits for what is left of that; an error is theirs, too. The start of the program has this module in it
 * and nothing else of libvirt.
 */
export function loadAhead(): void {
  try {
    open({ library: 'ahead', path: '' })
    // ffi-rs passes the address of a Buffer and does not hold it.
    path = Buffer.from(`${libraryFile()}\0`)
    const paramsValue = [path, lazy]
    const paramsType = [DataType.U8Array, DataType.I32]
    void load({ library: 'ahead', funcName: 'dlopen', retType: DataType.BigInt, paramsType, paramsValue, runInNewThread: true })
  } catch {
    // Who needs it hears of it.
  }
}
