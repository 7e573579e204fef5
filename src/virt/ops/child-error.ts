import { VirtError } from '../errors.js'

/** libvirt quotes the whole command line of qemu-img, mount and others; what the program said comes last. */
export function plainly(error: unknown): never {
  const said = error instanceof VirtError
    ? /^Child process \(.*?\) unexpected exit status \d+: (?:qemu-img: |mount: )?(.+?)(?:\n\s*dmesg\(1\).*)?\s*$/s.exec(error.message)?.[1]
    : undefined
  throw error instanceof VirtError && said !== undefined ? error.restated(said.trim().replaceAll(/\s*\n\s*/g, '; ')) : error
}
