import { execFile } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { BayError, UsageError } from '../../errors.js'
import type { KernelPaths } from './spec.js'

/**
 * Copies kernel and initrd of a vendor's disc into a folder, as `kernel` and `initrd`: of these paths the first that the
 * disc has. Reads the disc only; nothing is mounted.
 * @throws UsageError when it is no disc, has none of the paths, or there is no xorriso; BayError when it cannot be read
 */
export async function kernelsOnIso(
  iso: string, paths: readonly KernelPaths[], folder: string, options: { signal?: AbortSignal } = {},
): Promise<KernelPaths> {
  const disc = resolve(iso)
  await refuseOther(disc)
  const listed = await xorriso(['-indev', disc, '-find', '/', '-maxdepth', '4', '-type', 'f'], disc, options)
  const files = new Set(listed.split('\n').map((line) => line.replace(/^'(.*)'$/, '$1')))
  const found = paths.find(({ kernel, initrd }) => files.has(kernel) && files.has(initrd))
  if (!found) {
    throw new UsageError(`the disc ${iso} has no installer's kernel: neither ${paths.map(({ kernel }) => kernel).join(' nor ')}`,
      'is it the system that --os says?', 'an installer\'s disc for servers, or its netinst or DVD disc')
  }
  const copies = { kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd') }
  await xorriso(['-osirrox', 'on', '-indev', disc, '-extract', found.kernel, copies.kernel, '-extract', found.initrd, copies.initrd], disc, options)
  return copies
}

/** xorriso takes whatever is no disc for an empty one. The mark stands in the first volume descriptor (ECMA-119, 8.1). */
async function refuseOther(disc: string): Promise<void> {
  const file = await open(disc).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the disc ${disc} cannot be read: ${{ ENOENT: 'there is no such file', EACCES: 'permission denied' }[error.code ?? ''] ?? error.message}`)
  })
  try {
    const mark = Buffer.alloc(5)
    const { bytesRead } = (await file.stat()).isFile() ? await file.read(mark, 0, 5, 16 * 2048 + 1) : { bytesRead: 0 }
    if (bytesRead < 5 || mark.toString('latin1') !== 'CD001') throw new UsageError(`${disc} is no ISO image`)
  } finally {
    await file.close()
  }
}

async function xorriso(args: readonly string[], disc: string, { signal }: { signal?: AbortSignal }): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' }
  // -no_rc: what a user's own start-up file says would be obeyed first.
  const run = promisify(execFile)('xorriso', ['-no_rc', '-abort_on', 'FAILURE', '-return_with', 'FAILURE', '32', ...args], { env, signal, timeout: 300_000 })
  const { stdout } = await run.catch((error: NodeJS.ErrnoException & { stderr?: string }) => {
    if (signal?.aborted) throw error
    if (error.code === 'ENOENT') throw new UsageError('xorriso is not installed', 'apt install xorriso', 'dnf install xorriso')
    const said = /^xorriso : (?:FAILURE|FATAL) : (.*)$/m.exec(error.stderr ?? '')?.[1]
    throw new BayError('failed', `the disc ${disc} could not be read: ${said ?? error.message}`)
  })
  return stdout
}
