import { readFileSync } from 'node:fs'
import { BayError, UsageError } from '../../errors.js'
import type { Findings } from '../../findings.js'
import { sh } from '../../shell.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { barrier, whoIs, type Barrier, type Who } from './check-access.js'
import { unlessGone } from './gone.js'
import type { NewVmSource } from './new-vm.js'
import type { DiskPlan } from './plan-disks.js'

interface Files {
  source: NewVmSource
  plan: DiskPlan | undefined
  /** the path of the installer's disc */
  iso: string | undefined
}

/**
 * Looks whether QEMU, which mostly runs as a user of its own, gets at what the machine is made from and at the pools of its
 * disks. Only for the host that this program runs on; a QEMU that runs as root gets at everything.
 */
export async function checkFiles(
  connection: Connection, { source, plan, iso }: Files, emulatorUser: { uid: number, gid: number } | null, findings: Findings,
): Promise<void> {
  if (emulatorUser === null || emulatorUser.uid === 0) return
  const who = whoIs(emulatorUser)
  const look = (path: string, refuse: (found: Barrier) => BayError) => findings.wait(async () => {
    const found = await barrier(path, who, { read: !givesFiles() })
    if (found) throw refuse(found)
  })
  for (const { pool, folder } of plan?.folders ?? []) await look(`${folder}/-`, (found) => inThePool(pool, folder, who, found))
  const image = plan?.disks[0]?.image
  const files: [flag: string, path: string | undefined][] = [
    ...source.kind === 'kernel' ? [['--kernel', source.kernel], ['--initrd', source.initrd]] satisfies [string, string | undefined][] : [],
    ['--iso', iso],
    ...image?.linked ? layersOf(connection, image).map((path): [string, string] => ['--image', path]) : [],
  ]
  for (const [flag, path] of files) if (path !== undefined) await look(path, (found) => ofTheFlag(flag, path, who, found))
}

/** What a new layer lies on, down to the lowest, as far as the pools know. */
function layersOf(connection: Connection, { path, ...image }: NonNullable<DiskPlan['disks'][number]['image']>): string[] {
  const paths = new Set([path])
  let below = image.from === 'volume' ? image.below : null
  while (below !== null && !paths.has(below)) {
    paths.add(below)
    below = backingOf(connection, below)
  }
  return [...paths]
}

function backingOf(connection: Connection, path: string): string | null {
  using volume = unlessGone(() => connection.volumeByPath(path), failure.noVolume)
  return volume === null ? null : readVolume(volume.xml()).backing?.path ?? null
}

function ofTheFlag(flag: string, path: string, who: Who, found: Barrier): UsageError {
  return new UsageError(`${flag} ${path}: ${cannot(who, found)}`, ...mendings(who, found), 'or copy it to /var/lib/libvirt/images')
}

function inThePool(pool: string, folder: string, who: Who, found: Barrier): BayError {
  return new BayError('wrong-state', `the pool ${pool} is in ${folder}: ${cannot(who, found)}`, { hints: [...mendings(who, found), 'or --disk SIZE,pool=OTHER'] })
}

function cannot({ name }: Who, { may, path }: Barrier): string {
  return `QEMU runs as ${name}, which may not ${may === 'pass' ? 'enter the folder' : 'read'} ${path}`
}

function mendings({ name, uid }: Who, { may, path }: Barrier): string[] {
  const right = may === 'pass' ? 'x' : 'r'
  return [sh`setfacl -m u:${name.startsWith('uid ') ? uid : name}:${right} ${path}`, sh`or chmod o+${right} ${path}`]
}

/** libvirt makes QEMU the owner of a machine's files, unless it is told not to. Only root may read whether it is. */
function givesFiles(): boolean {
  try {
    return !/^\s*dynamic_ownership\s*=\s*0/m.test(readFileSync('/etc/libvirt/qemu.conf', 'utf8'))
  } catch {
    return true
  }
}
