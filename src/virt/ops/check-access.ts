import { execFile } from 'node:child_process'
import { readFileSync, type Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** Who a file is opened as. */
export interface Who {
  uid: number
  /** for messages: a name, or `uid 64055` */
  name: string
  groups: ReadonlySet<number>
}

export interface Barrier {
  /** the folder or file */
  path: string
  /** what is missing: to pass a folder, or to read the file itself */
  may: 'pass' | 'read'
}

/**
 * The first folder on the way to a file that somebody may not pass, or the file itself when it may not be read; null when
 * nothing is known to be in the way. libvirt gives the file itself to its QEMU for as long as the machine runs (`read: false`),
 * but no folder above it.
 */
export async function barrier(path: string, who: Who, { read }: { read: boolean }): Promise<Barrier | null> {
  for (const folder of await foldersAbove(path)) {
    if (await isRefused(folder, who, 'pass')) return { path: folder, may: 'pass' }
  }
  return read && await isRefused(path, who, 'read') ? { path, may: 'read' } : null
}

/**
 * What the mode of a file says: whether somebody with this user and these groups may pass or read it. An access list shows
 * its mask where the group's bits are, so what the group may may be meant for somebody who is named in a list: null.
 */
export function mayByMode({ uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>, who: Who, may: Barrier['may']): boolean | null {
  const bit = may === 'pass' ? 1 : 4
  if (who.uid === 0) return true
  if (who.uid === uid) return (mode >> 6 & bit) !== 0
  if (who.groups.has(gid)) return (mode >> 3 & bit) !== 0
  if ((mode & bit) !== 0) return true
  return (mode >> 3 & bit) !== 0 ? null : false
}

/** The user of these numbers, with the groups that this system's files give to it. */
export function whoIs({ uid, gid }: { uid: number, gid: number }, files = { passwd: read('/etc/passwd'), group: read('/etc/group') }): Who {
  const fields = (text: string) => text.split('\n').map((line) => line.split(':'))
  const name = fields(files.passwd).find(([, , id]) => id === String(uid))?.[0]
  const member = fields(files.group).filter(([, , , members = '']) => name !== undefined && members.split(',').includes(name))
  return { uid, name: name ?? `uid ${uid}`, groups: new Set([gid, ...member.map(([, , id]) => Number(id))]) }
}

async function isRefused(path: string, who: Who, may: Barrier['may']): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  // What we cannot see ourselves we cannot judge.
  if (found === null) return false
  return !(mayByMode(found, who, may) ?? await mayIndeed(path, who, may))
}

/** The kernel's own answer, which only root can ask for; without it nothing is said against the file. */
async function mayIndeed(path: string, { uid, groups }: Who, may: Barrier['may']): Promise<boolean> {
  if (process.geteuid?.() !== 0) return true
  const as = [`--reuid=${uid}`, `--regid=${[...groups][0] ?? uid}`, `--groups=${[...groups].join(',')}`]
  try {
    await promisify(execFile)('setpriv', [...as, '--', 'test', may === 'pass' ? '-x' : '-r', path], { timeout: 5000 })
    return true
  } catch (error) {
    // test(1) ends with 1 for no; whatever else went wrong tells nothing of the file.
    return !(error instanceof Error && 'code' in error && error.code === 1)
  }
}

/** From the root down, by the path as it is written and as it is without symbolic links. */
async function foldersAbove(path: string): Promise<string[]> {
  const real = await realpath(path).catch(() => path)
  return [...new Set([path, real].flatMap((each) => above(each).reverse()))]
}

function above(path: string): string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...above(folder)]
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Without it a user has no name, and no groups but its own.
    return ''
  }
}
