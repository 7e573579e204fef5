import { readVolumeName } from './backup-volumes.js'
import { largestSeed, seedOf } from './seed-volume.js'
import type { GarbageItem, GarbageKind } from './gc-item.js'
import { imageOf, isWhole } from './image-name.js'
import type { MachinesUse } from './gc-machines.js'
import type { Store, StoredVolume } from './gc-store.js'
import { volumeRemover } from './gc-volume-remove.js'

interface Judged {
  store: Store
  used: ReadonlySet<StoredVolume>
  /** `POOL-UUID/NAME` of what runs have written down */
  journaled: ReadonlySet<string>
  use: MachinesUse
}

/** The volumes that nobody reaches, each as what it is. Upper layers are to go before what they lie on. */
export function garbageVolumes({ store, used, journaled, use }: Judged): GarbageItem[] {
  const above = new Map<string, string[]>()
  for (const { below, pool, name } of store.volumes) if (below !== null) above.set(below, [...above.get(below) ?? [], `${pool}/${name}`])
  const free = store.volumes.filter((volume) => !used.has(volume) && !journaled.has(`${volume.poolUuid}/${volume.name}`))
  return free.flatMap((volume) => {
    const what = judge(volume, use)
    if (what === null) return []
    const { pool, name, path, allocation, modified } = volume
    const { kind, reason, vm } = what
    return [{
      kind, reason, name: `${pool}/${name}`, pool, path, size: allocation, modified: modified === null ? null : new Date(modified).toISOString(),
      locks: [...vm === undefined ? [] : [['vm', vm] as const], ['vol', `${pool}/${name}`] as const],
      after: above.get(volume.place) ?? [], remove: volumeRemover(volume),
    }]
  })
}

interface Judgement {
  kind: GarbageKind
  reason: string
  /** the machine whose it was */
  vm?: string
}

/** null for what waits to be used: images, discs, backups, and what is no single file. */
function judge({ name, type, format, allocation }: StoredVolume, { names }: MachinesUse): Judgement | null {
  if (type === 'dir' || type === 'netdir' || readVolumeName(name) !== null) return null
  const [machine, image] = [seedOf(name), imageOf(name)]
  if (machine !== undefined && !names.has(machine) && ['raw', 'iso'].includes(format ?? '') && (allocation ?? 0) <= largestSeed) {
    return { kind: 'seed', reason: `there is no machine ${machine}`, vm: machine }
  }
  if (image !== undefined) return isWhole(name, format) ? null : { kind: 'image', reason: 'copying it was cut' }
  return format === 'iso' ? null : { kind: 'volume', reason: 'no machine and no layer uses it' }
}
