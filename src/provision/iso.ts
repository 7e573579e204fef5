import { spawn } from 'node:child_process'
import { chmod, copyFile, constants, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BayError, UsageError } from '../errors.js'

type IsoFiles = ReadonlyMap<string, string | Buffer>

interface IsoOptions {
  signal?: AbortSignal
  /** where programs are looked for; PATH's default is the process's */
  path?: string
}

/** What makes an ISO file, the best first: all take mkisofs's arguments, and only the first gives the same bytes each time. */
const programs = ['xorrisofs', 'genisoimage', 'mkisofs']
/** 2000-01-01: the files' time, so that equal content is an equal ISO. https://reproducible-builds.org/specs/source-date-epoch */
const epoch = 946_684_800

/**
 * Writes an ISO 9660 file (Rock Ridge and Joliet, so names stay as they are) of mode 0600 with these files in its root.
 * The content may be secret: on the way it lies only in a folder of mode 0700 beside `to` that is gone afterwards.
 * @throws UsageError when no program can make it, `to` exists already, or a name is bad; BayError when the program fails
 */
export async function makeIso(label: string, files: IsoFiles, to: string, options: IsoOptions = {}): Promise<void> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,15}$/.test(label)) throw new UsageError(`"${label}" is no label for a disc`, '1 to 16 of A-Z a-z 0-9 _ -')
  // Beside it: when this run is killed, whoever removes what is unfinished removes that too.
  const folder = await mkdtemp(join(dirname(to), 'bay-iso-')).catch((error: NodeJS.ErrnoException) => { throw cannotWrite(to, error) })
  try {
    const content = join(folder, 'content')
    const iso = join(folder, 'iso')
    await writeContent(content, files)
    // genisoimage makes its file as umask says: it must be there, and private, before the first byte is.
    await writeFile(iso, '', { mode: 0o600 })
    await run(['-quiet', '-volid', label, '-joliet', '-rock', '-uid', '0', '-gid', '0', '-output', iso, content], folder, options)
    await copyPrivately(iso, to)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface SeedFiles {
  userData: string
  metaData: string
  networkConfig: string | null
}

/**
 * The disc on which cloud-init finds its NoCloud seed.
 * https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
 */
export async function seedIso(seed: SeedFiles, to: string, options: IsoOptions = {}): Promise<void> {
  const { userData, metaData, networkConfig } = seed
  const files = new Map([['user-data', userData], ['meta-data', metaData]])
  if (networkConfig !== null) files.set('network-config', networkConfig)
  await makeIso('cidata', files, to, options)
}

async function writeContent(folder: string, files: IsoFiles): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  // In one order, so that equal content is an equal ISO.
  for (const [name, content] of [...files].sort(([a], [b]) => a < b ? -1 : 1)) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) throw new UsageError(`"${name}" is no name for a file on a disc`)
    const path = join(folder, name)
    await writeFile(path, content, { mode: 0o600, flag: 'wx' })
    await utimes(path, epoch, epoch)
  }
  await utimes(folder, epoch, epoch)
}

/** With the first program that is there. */
async function run(args: readonly string[], folder: string, options: IsoOptions): Promise<void> {
  for (const program of programs) {
    if (await succeeds(program, args, folder, options)) return
  }
  throw new UsageError(`there is no program that makes an ISO file (${programs.join(', ')})`, 'apt install xorriso', 'dnf install xorriso')
}

/** False when there is no such program. @throws BayError when it fails */
function succeeds(program: string, args: readonly string[], folder: string, { signal, path }: IsoOptions): Promise<boolean> {
  // Without HOME, and in a folder of our own, no .xorrisorc or .mkisofsrc changes what is made.
  const env = { PATH: path ?? process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', SOURCE_DATE_EPOCH: String(epoch) }
  return new Promise((resolve, reject) => {
    // In a group of its own: Ctrl-C reaches us alone, and we end it by the signal, which knows why.
    const child = spawn(program, args, { cwd: folder, env, signal, stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000, detached: true })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-2000) })
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(false)
      // Once it was started, wait until it has ended: it still writes into the folder.
      else if (child.pid === undefined) reject(error)
    })
    child.on('close', (code, ended) => {
      if (signal?.aborted) reject(signal.reason as Error)
      else if (code === 0) resolve(true)
      else reject(new BayError('failed', `${program} could not make the ISO file: ${said.trim().split('\n').at(-1) || ended || `exit code ${code}`}`))
    })
  })
}

/** A file that was not there before, or none; Node gives it the mode of the first, from the start. */
async function copyPrivately(from: string, to: string): Promise<void> {
  await chmod(from, 0o600)
  await copyFile(from, to, constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => { throw cannotWrite(to, error) })
}

function cannotWrite(to: string, error: NodeJS.ErrnoException): Error {
  const reason = { EEXIST: 'it exists already', ENOENT: 'there is no such folder', EACCES: 'permission denied' }[error.code ?? '']
  return reason === undefined ? error : new UsageError(`${to} cannot be written: ${reason}`)
}
