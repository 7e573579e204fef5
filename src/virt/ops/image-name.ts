import { BayError, UsageError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StorageVolume } from '../volume.js'
import { unlessGone } from './gone.js'
import { isLocked } from './image-name-lock.js'

const formats = ['qcow2', 'raw'] as const
type ImageFormat = typeof formats[number]

/** An image is a volume with a name of this form, in whichever pool: libvirt keeps nothing else about a volume that is ours. */
export function imageVolume(name: string, format: ImageFormat): string {
  return `image-${name}.${format === 'raw' ? 'img' : format}`
}

/** The image that a volume of this name is; undefined when it is none. */
export function imageOf(volume: string): string | undefined {
  return /^image-(.+)\.(?:qcow2|img)$/s.exec(volume)?.[1]
}

/**
 * Whether a volume is of the format that its name says. One that is not was cut while it was copied, or still is being
 * copied: its first bytes come last. A raw one does not show it.
 */
export function isWhole(volume: string, format: string | null): boolean {
  return !volume.endsWith('.qcow2') || format === 'qcow2'
}

/** Whether an image may be called so, perhaps with its pool: a path looks otherwise. */
export function looksLikeImage(text: string): boolean {
  return /^(?:[^/.][^/]*\/)?[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(text)
}

/** Whether it is a URL rather than a path; of whatever kind. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

export interface FoundImage extends Disposable {
  pool: string
  poolUuid: string
  /** the name of the volume */
  name: string
  path: string
  volume: StorageVolume
}

/**
 * An image by NAME or POOL/NAME. Where several pools have one of that name, the first of the pools `prefer` that has one
 * is meant.
 * @throws BayError `not-found` with the names that there are, `busy` while it is being added, UsageError when several pools
 * have one
 */
export async function findImage(
  connection: Connection, text: string, { prefer = [] }: { prefer?: readonly string[] } = {},
): Promise<FoundImage> {
  const images = imagesNamed(connection, text)
  const found = choose(images, prefer)
  for (const each of images) if (each !== found) each[Symbol.dispose]()
  if (images.length === 0) throw new BayError('not-found', `there is no image named ${text}`, { hints: imageHints(connection) })
  if (!found) throw new UsageError(`several pools have an image ${text}`, `say which: ${images.map(({ pool }) => `${pool}/${text}`).sort().join(' or ')}`)
  if (!await isLocked(imageKey(found.poolUuid, text))) return found
  found[Symbol.dispose]()
  throw new BayError('busy', `the image ${text} is just being added or replaced by another run`)
}

/** What a run that makes or removes an image locks, whatever the host is called in its connection's URI. */
export function imageKey(poolUuid: string, text: string): string {
  return `image ${poolUuid} ${text.slice(text.indexOf('/') + 1)}`
}

/** The volumes that are the image NAME or POOL/NAME, in all running pools. Whoever asks gives them up. */
export function imagesNamed(connection: Connection, text: string): FoundImage[] {
  const [, only, name = text] = /^([^/]*)\/(.*)$/s.exec(text) ?? []
  using pools = connection.pools()
  return pools.filter((pool) => (only === undefined || pool.name() === only) && pool.isActive()).flatMap((pool) =>
    formats.flatMap((format) => {
      const volume = unlessGone(() => pool.volume(imageVolume(name, format)), failure.noVolume, failure.operationInvalid)
      if (volume === null) return []
      const place = { pool: pool.name(), poolUuid: pool.uuid(), name: volume.name(), path: volume.path() }
      return { ...place, volume, [Symbol.dispose]: () => volume[Symbol.dispose]() }
    }))
}

/** The names of all images in running pools, each once; with its pool where several have one of that name. */
export function imageNames(connection: Connection): string[] {
  using pools = connection.pools()
  const found = pools.filter((pool) => pool.isActive()).flatMap((pool) => {
    using volumes = unlessGone(() => pool.volumes(), failure.noPool, failure.operationInvalid)
    const names = (volumes ?? []).flatMap((volume) => imageOf(volume.name()) ?? [])
    return [...new Set(names)].map((name) => ({ name, pool: pool.name() }))
  })
  const count = (name: string) => found.filter((each) => each.name === name).length
  return found.map(({ name, pool }) => count(name) > 1 ? `${pool}/${name}` : name)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/** A pool has one image of a name, unless somebody else made the second. */
function choose(images: readonly FoundImage[], prefer: readonly string[]): FoundImage | undefined {
  const [first] = images
  const preferred = prefer.map((pool) => images.find((each) => each.pool === pool)).find((each) => each !== undefined)
  return preferred ?? (images.every(({ pool }) => pool === first?.pool) ? first : undefined)
}

function imageHints(connection: Connection): string[] {
  const names = imageNames(connection)
  if (names.length === 0) return ['add one: bay image add NAME FILE|URL']
  return [`see what there is: bay image list (${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''})`]
}
