import { open } from 'node:fs/promises'
import { BayError, UsageError } from '../../errors.js'

type Files = ReadonlyMap<string, string | Buffer>

/**
 * Adds files to an initrd, of whatever compression: the kernel unpacks one archive after the other, and what comes later wins.
 * The file gets mode 0600 first, for the files may be secret. When it fails, the initrd is as it was.
 */
export async function appendToInitrd(path: string, files: Files): Promise<void> {
  const archive = cpioArchive(files)
  const file = await open(path, 'r+')
  try {
    await file.chmod(0o600)
    const { size } = await file.stat()
    if (size === 0) throw new UsageError(`the initrd ${path} is empty`)
    try {
      // An archive that is not compressed is seen only at a multiple of 4; zeros between two are skipped.
      const bytes = Buffer.concat([Buffer.alloc(padding(size)), archive])
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, size)
      if (bytesWritten < bytes.length) throw new BayError('failed', `the initrd ${path} could not be written: no space left`)
      await file.sync()
    } catch (error) {
      await file.truncate(size)
      throw error
    }
  } finally {
    await file.close()
  }
}

/**
 * An archive that the kernel unpacks into the root of its initramfs: "newc", not compressed, files of root's with mode 0600.
 * https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 * @throws UsageError for a name that is not a plain file's
 */
function cpioArchive(files: Files): Buffer {
  const entries = [...files].map(([name, content], index) => {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) throw new UsageError(`"${name}" is no name for a file in an initrd`)
    return entry(name, Buffer.from(content), { inode: index + 1, mode: 0o100600 })
  })
  return Buffer.concat([...entries, entry('TRAILER!!!', Buffer.alloc(0), { inode: 0, mode: 0 })])
}

function entry(name: string, content: Buffer, { inode, mode }: { inode: number, mode: number }): Buffer {
  const nameBytes = Buffer.from(`${name}\0`, 'latin1')
  // inode, mode, uid, gid, links, mtime, size, the device's two numbers, the special file's two, length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, nameBytes.length, 0]
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`, 'latin1')
  return Buffer.concat([
    header, nameBytes, Buffer.alloc(padding(header.length + nameBytes.length)), content, Buffer.alloc(padding(content.length)),
  ])
}

function padding(length: number): number {
  return (4 - length % 4) % 4
}
