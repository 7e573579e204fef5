import { serialize } from '../../xml/node.js'
import { markedDescription, snapshotElement, type SnapshotMark } from '../../xml/snapshot.js'
import { volumeElement } from '../../xml/volume.js'
import { readVolumeReferences } from '../../xml/volume-references.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { snapshotCreate, start } from '../flags.js'
import { storedDefinition } from './change-definition.js'
import { unlessGone } from './gone.js'
import { recordChange } from './history.js'
import { journalFor, type Journal } from './journal.js'
import { makeVolume } from './make-volume.js'
import type { PlannedLayer, SnapshotPlan } from './plan-snapshot.js'
import { Rollback } from './rollback.js'
import { refreshPool } from './undo-volume.js'

export interface SnapshotOptions {
  description: string | null
  mark: SnapshotMark
  /** let the agent make the guest's file systems hold still meanwhile */
  quiesce: boolean
  signal?: AbortSignal
  step?: (text: string) => void
}

/**
 * Takes a snapshot as planned. Layers are made as volumes first, and are undone if libvirt refuses the snapshot. Whoever calls
 * has the machine's name for itself. @throws VirtError; the signal's reason, and then there is none
 */
export async function createSnapshot(
  connection: Connection, domain: Domain, plan: SnapshotPlan, options: SnapshotOptions,
): Promise<void> {
  using journal = journalFor(connection, { command: 'snapshot create', name: domain.name() })
  await using rollback = new Rollback(undefined, journal)
  await makeLayers(connection, plan, rollback, options)
  options.signal?.throwIfAborted()
  options.step?.(plan.memory ? 'taking the snapshot, with the memory' : 'taking the snapshot')
  try {
    await snap(connection, domain, plan, { ...options, rollback, journal })
  } catch (error) {
    // Some failures come after the machine has gone over to its layers.
    if (usesLayers(domain, plan)) rollback.keep()
    throw error
  }
  // libvirt cannot be told to stop; what came of it is taken back.
  if (options.signal?.aborted) options.step?.('taking it back')
  options.signal?.throwIfAborted()
  rollback.keep()
}

/** The layers of a plan, which are empty. @throws the signal's reason */
export async function makeLayers(
  connection: Connection, { layers }: SnapshotPlan, rollback: Rollback, { signal, step }: Pick<SnapshotOptions, 'signal' | 'step'>,
): Promise<void> {
  for (const layer of layers) {
    signal?.throwIfAborted()
    step?.(`creating layer ${layer.pool}/${layer.name}`)
    await makeLayer(connection, layer, rollback)
  }
}

/** Asks libvirt for a snapshot over layers that are there. @throws VirtError */
export async function snap(
  connection: Connection, domain: Domain, plan: SnapshotPlan,
  options: Pick<SnapshotOptions, 'description' | 'mark' | 'quiesce'> & { rollback: Rollback, journal: Journal | undefined },
): Promise<void> {
  using record = plan.layers.length > 0 && domain.isPersistent()
    ? recordChange(connection, domain, { command: 'snapshot create', before: storedDefinition(domain) })
    : null
  await using started = new Rollback(undefined, options.journal)
  await startWithNotes(connection, domain, plan, started)
  await recorded(connection, domain, plan, options.rollback, async () => {
    using _made = await domain.createSnapshot(snapshotXmlOf(plan, options), flagsOf(plan, options))
  })
  record?.keep(storedDefinition(domain))
}

/** The memory's file is written down before the snapshot that keeps it, for `bay recover` goes backwards. */
async function recorded(
  connection: Connection, domain: Domain, { name: snapshot, memoryFile, running, layers }: SnapshotPlan, rollback: Rollback,
  take: () => Promise<void>,
): Promise<void> {
  const made = { uuid: domain.uuid(), name: domain.name() }
  for (const { target, backing, path: layer } of layers) {
    await rollback.make(connection, { kind: 'layered', ...made, target, base: backing.path, layer }, () => undefined)
  }
  const { state } = domain.state()
  // A run that dies now must not lead to layers being removed that the host is about to use.
  const watched = () => running ? rollback.make(connection, { kind: 'snapshot-job', ...made, state }, take) : take()
  const whole = () => rollback.make(connection, { kind: 'snapshot', ...made, snapshot }, watched)
  if (memoryFile === null) return await whole()
  const { pool, poolUuid, name } = memoryFile
  await rollback.make(connection, { kind: 'volume', pool, poolUuid, name }, async () => {
    await whole()
    // libvirt writes it behind its pool's back.
    await refreshPool(connection, memoryFile)
  })
}

/** Of a machine that is off and has checkpoints libvirt takes none, so one is started without letting its guest run. */
async function startWithNotes(
  connection: Connection, domain: Domain, { kind, running }: SnapshotPlan, started: Rollback,
): Promise<void> {
  if (kind === 'internal' || running) return
  using checkpoints = unlessGone(() => domain.checkpoints(), failure.noSupport)
  if (!checkpoints?.length) return
  const made = { uuid: domain.uuid(), name: domain.name() }
  await started.make(connection, { kind: 'paused', ...made }, () => domain.start(start.paused))
}

/** An empty volume over what the machine has now. */
export async function makeLayer(connection: Connection, layer: PlannedLayer, rollback: Rollback): Promise<void> {
  const { name, capacity, backing } = layer
  using pool = connection.poolByUuid(layer.poolUuid)
  const xml = serialize(volumeElement({ name, capacity, format: 'qcow2', backing }))
  using _volume = await makeVolume(connection, pool, name, rollback, () => pool.createVolume(xml))
}

function snapshotXmlOf(plan: SnapshotPlan, { description, mark }: Pick<SnapshotOptions, 'description' | 'mark'>): string {
  const { name, kind, memory, memoryFile, disks, left, layers } = plan
  const by = (target: string) => {
    const layer = layers.find((each) => each.target === target)
    return layer ? { layer: layer.path } : 'internal'
  }
  return serialize(snapshotElement({
    name, description: markedDescription(description, mark),
    memory: !memory ? 'no' : memoryFile === null || kind === 'internal' ? 'internal' : { file: memoryFile.path },
    disks: [
      ...disks.map((target) => ({ target, by: by(target) } as const)),
      ...left.map((target) => ({ target, by: 'no' } as const)),
    ],
  }))
}

function flagsOf({ kind, memory }: SnapshotPlan, { quiesce }: Pick<SnapshotOptions, 'quiesce'>): number {
  if (kind === 'internal') return 0
  const { reuse, atomic, diskOnly, quiesce: still } = snapshotCreate
  return reuse | atomic | (memory ? 0 : diskOnly) | (quiesce ? still : 0)
}

/** Whether the machine has gone over to the layers of a snapshot. */
export function usesLayers(domain: Domain, { layers }: SnapshotPlan): boolean {
  const { files } = readVolumeReferences(domain.xml())
  return layers.some(({ path }) => files.includes(path))
}
