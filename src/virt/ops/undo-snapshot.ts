import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { diskFiles, readSnapshot } from '../../xml/snapshot.js'
import { parse } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { domainXml, snapshotDelete, snapshotXml, start } from '../flags.js'
import { askMade } from './ask-made.js'
import { storedDefinition } from './change-definition.js'
import { commitLayer, helperName, helperXml, type Merge } from './commit-layer.js'
import { unlessGone } from './gone.js'
import { isExternal } from './list-snapshots.js'
import { putBase } from './put-base.js'
import type { Made, Undoing } from './undo-kind.js'

/** A snapshot that a run has taken: known by its name, which that run saw to be free. */
export interface MadeSnapshot extends Made { snapshot: string }

export const madeSnapshot: Undoing<MadeSnapshot> = {
  fields: ['uuid', 'name', 'snapshot'],
  leaves: ({ name, snapshot }) => `the snapshot ${snapshot} of ${name}`,
  removeBy: ({ name, snapshot }) => sh`bay snapshot delete --yes ${name} ${snapshot}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => {
    using snapshot = unlessGone(() => domain.snapshot(made.snapshot), failure.noSnapshot)
    return snapshot !== null
  }),
  undo: async (connection, { uuid, snapshot: name }) => {
    using domain = connection.domainByUuid(uuid)
    using snapshot = domain.snapshot(name)
    const read = readSnapshot(snapshot.xml(snapshotXml.secure))
    if (!isExternal(read)) return await snapshot.delete()
    const bases = diskFiles(read.domain)
    for (const { target, kind, layer } of read.disks) {
      const base = bases.get(target)
      if (kind === 'external' && layer !== null && base !== undefined) await takeLayerBack(connection, domain, { target, base, layer })
    }
    await snapshot.delete(snapshotDelete.metadataOnly)
  },
}

/** A disk that a snapshot makes go on in a layer. */
export interface MadeLayer extends Made, Merge {}

/** A daemon may die between the machine's going over to a layer and the snapshot's being written down. */
export const layeredDisk: Undoing<MadeLayer> = {
  fields: ['uuid', 'name', 'target', 'base', 'layer'],
  leaves: ({ name, target, layer }) => `${name} with its disk ${target} in ${layer}`,
  removeBy: () => 'bay recover',
  isThere: (connection, made) => askMade(connection, made, (domain) => isInLayer(domain, made)),
  undo: async (connection, made) => {
    using domain = connection.domainByUuid(made.uuid)
    await takeLayerBack(connection, domain, made)
  },
}

/** A running machine of which a snapshot is taken, and the state that it was in. */
export interface SnapshotJob extends Made { state: string }

/**
 * What the host does to the end although nobody waits for it: it is waited for, and then its result is judged. A daemon that dies
 * meanwhile may leave the guest stopped; and until the guest runs again, QEMU merges no layer.
 */
export const snapshotJob: Undoing<SnapshotJob> = {
  fields: ['uuid', 'name', 'state'],
  leaves: ({ name }) => `a snapshot that is being taken of ${name}`,
  removeBy: () => 'bay recover',
  isThere: (connection, made) => askMade(connection, made,
    (domain) => domain.isActive() && (domain.job() !== null || isStopped(domain, made))),
  undo: async (connection, made) => {
    const { uuid, name } = made
    using domain = connection.domainByUuid(uuid)
    for (let looks = 0; domain.isActive() && domain.job() !== null; looks += 1) {
      if (looks === mostLooks) throw new BayError('timeout', `the host is still taking a snapshot of ${name}`)
      await pause(betweenLooks)
    }
    if (isStopped(domain, made)) domain.resume()
  },
}

function isStopped(domain: Domain, { state }: SnapshotJob): boolean {
  return state === 'running' && domain.state().state === 'paused'
}

/** Ten minutes. */
const mostLooks = 2400
const betweenLooks = 250

/** Nothing is lost: what was written since goes where it would have gone without the snapshot. */
export async function takeLayerBack(connection: Connection, domain: Domain, merge: Merge): Promise<void> {
  // A run that died may have been further with this disk than with another.
  if (!isInLayer(domain, merge)) return
  const silent = { step: () => undefined, moved: () => undefined }
  if (domain.isActive()) return await commitLayer(domain, merge, silent)
  // Named after the machine, so that the helper of a recovery that died is found by the next.
  const name = helperName(domain.uuid())
  using left = unlessGone(() => connection.domain(name), failure.noDomain)
  await left?.destroy()
  const xml = helperXml(storedDefinition(domain), merge.target, { uuid: randomUUID(), name })
  using helper = await connection.startAs(xml, start.paused)
  try {
    await commitLayer(helper, merge, silent)
  } finally {
    await helper.destroy()
  }
  putBase(connection, domain, merge, 'snapshot create')
}

function isInLayer(domain: Domain, { target, layer }: Merge): boolean {
  return diskFiles(parse(domain.xml(domain.isActive() ? 0 : domainXml.inactive))).get(target) === layer
}
