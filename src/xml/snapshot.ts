import { el, parse, type XmlElement } from './node.js'
import { integer } from './numbers.js'
import { all, attr, child, path, textOf } from './tree.js'

export interface SnapshotSpec {
  name: string
  description: string | null
  /** where the guest's memory goes: nowhere, into the disk, or into a file */
  memory: 'no' | 'internal' | { file: string }
  /** every disk of the machine: kept inside of itself, by a layer that takes what is written from now on, or not at all */
  disks: readonly { target: string, by: 'internal' | 'no' | { layer: string } }[]
}

/** A `<domainsnapshot>` to be made (https://libvirt.org/formatsnapshot.html). */
export function snapshotElement({ name, description, memory, disks }: SnapshotSpec): XmlElement {
  const file = typeof memory === 'object' ? memory.file : null
  return el('domainsnapshot', {},
    el('name', {}, name),
    description !== null && el('description', {}, description),
    el('memory', { snapshot: typeof memory === 'object' ? 'external' : memory, file }),
    el('disks', {}, ...disks.map(({ target, by }) => typeof by === 'string'
      ? el('disk', { name: target, snapshot: by })
      : el('disk', { name: target, snapshot: 'external', type: 'file' }, el('driver', { type: 'qcow2' }), el('source', { file: by.layer })))),
  )
}

export interface SnapshotDescription {
  name: string
  description: string | null
  /** `running`, `paused`, `shutoff`, `disk-snapshot` … */
  state: string
  created: Date
  parent: string | null
  memory: 'no' | 'internal' | 'external'
  memoryFile: string | null
  disks: { target: string, kind: 'internal' | 'external' | 'no', layer: string | null }[]
  /** the machine as it was defined; null in the oldest snapshots */
  stored: XmlElement | null
  /** the machine as it ran; the stored one for one that was off */
  domain: XmlElement | null
}

/** What a snapshot's XML says. Throws UsageError for what is no XML. */
export function readSnapshot(xml: string): SnapshotDescription {
  const root = parse(xml)
  const memory = child(root, 'memory')
  const domain = child(root, 'domain') ?? null
  const stored = child(root, 'inactiveDomain')
  return {
    name: textOf(child(root, 'name')) ?? '',
    description: textOf(child(root, 'description')) ?? null,
    state: textOf(child(root, 'state')) ?? '',
    created: new Date((integer(textOf(child(root, 'creationTime'))) ?? 0) * 1000),
    parent: textOf(path(root, 'parent/name')) ?? null,
    memory: kindOf(attr(memory, 'snapshot')),
    memoryFile: attr(memory, 'file') ?? null,
    disks: all(root, 'disks/disk').map((disk) => ({
      target: attr(disk, 'name') ?? '', kind: kindOf(attr(disk, 'snapshot')),
      layer: attr(child(disk, 'source'), 'file') ?? attr(child(disk, 'source'), 'dev') ?? null,
    })),
    stored: stored ? { ...stored, name: 'domain' } : domain,
    domain,
  }
}

function kindOf(text: string | undefined): 'internal' | 'external' | 'no' {
  return text === 'internal' || text === 'external' ? text : 'no'
}

/**
 * What bay keeps of a snapshot: the last line of its description, for a snapshot's XML has no place of its own. `auto` marks
 * those that bay has named, which alone are counted and removed by --keep.
 */
export interface SnapshotMark { auto: boolean, group: string | null }

export function markedDescription(text: string | null, { auto, group }: SnapshotMark): string {
  const mark = ['bay', ...auto ? ['auto'] : [], ...group === null ? [] : [`group=${group}`]].join(' ')
  return `${text === null ? '' : `${text}\n`}[${mark}]`
}

/** The description without the mark, and the mark; null for a snapshot of another tool. */
export function readMark(description: string | null): { text: string | null, mark: SnapshotMark | null } {
  const found = /(?:^|\n)\[bay( auto)?(?: group=([^\s\]]+))?\]$/.exec(description ?? '')
  if (!found || description === null) return { text: description, mark: null }
  return { text: description.slice(0, found.index) || null, mark: { auto: found[1] !== undefined, group: found[2] ?? null } }
}

/** The file of each disk of a domain, by its target. */
export function diskFiles(domain: XmlElement | null): Map<string, string> {
  return new Map(all(domain ?? undefined, 'devices/disk').flatMap((disk) => {
    const [target, source] = [attr(child(disk, 'target'), 'dev'), child(disk, 'source')]
    const file = attr(source, 'file') ?? attr(source, 'dev')
    return target === undefined || file === undefined ? [] : [[target, file] as const]
  }))
}
