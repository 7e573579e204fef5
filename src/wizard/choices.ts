import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Choice } from '../output/ask.js'
import type { Profile } from '../provision/profile-fields.js'
import { formatSize } from '../units.js'
import type { ImageRow } from '../virt/ops/list-images.js'
import type { NetworkRow } from '../virt/ops/list-networks.js'
import type { PoolRow } from '../virt/ops/list-pools.js'

/** What else than an image of the host a machine can boot from. */
export const otherSources: readonly Choice[] = [
  { value: '--image', label: 'another image: a file here, a URL, or POOL/NAME' },
  { value: '--iso', label: 'a disc (ISO), such as an installer' },
  { value: '--kernel', label: 'a kernel' },
  { value: '--empty', label: 'nothing: an empty disk' },
]

/** Images that can be used, as --image takes them: with the pool where several pools have one of that name. */
export function imageChoices(images: readonly ImageRow[]): Choice[] {
  const ready = images.filter(({ state }) => state === 'ready')
  return ready.map(({ name, pool, capacity }) => {
    const value = ready.filter((other) => other.name === name).length > 1 ? `${pool}/${name}` : name
    return { value, label: `the image ${value}${capacity === null ? '' : `, ${formatSize(capacity)}`}` }
  })
}

export function profileChoices(profiles: readonly Profile[]): Choice[] {
  return [{ value: '', label: 'none' }, ...profiles.map(({ name, fields: { description } }) => (
    { value: name, label: description === undefined ? name : `${name}: ${description}` }))]
}

/** As --network takes them; those that run first. */
export function networkChoices(networks: readonly NetworkRow[]): Choice[] {
  const listed = [...networks.filter(({ active }) => active), ...networks.filter(({ active }) => !active)]
  return [
    ...listed.map(({ name, mode, active, subnets: [subnet] }) => (
      { value: name, label: `${name}: ${mode}${subnet ? `, ${subnet.address}/${subnet.prefix}` : ''}${active ? '' : ' (not active)'}` })),
    { value: 'bridge', label: 'a bridge of the host' },
    { value: 'user', label: 'user: out through the host, and nobody comes in' },
    { value: 'none', label: 'none' },
  ]
}

export function poolChoices(pools: readonly PoolRow[]): Choice[] {
  return pools.map(({ name, available, capacity }) => (
    { value: name, label: `${name}: ${formatSize(available ?? Number.NaN)} free of ${formatSize(capacity ?? Number.NaN)}` }))
}

/** The public keys of whoever runs this. */
export function keyChoices(): Choice[] {
  const folder = join(homedir(), '.ssh')
  return [{ value: '', label: 'none' }, ...publicKeys(folder).map((file) => ({ value: join(folder, file) })), { value: 'other', label: 'another file' }]
}

function publicKeys(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.pub')).sort()
  } catch {
    // Whoever has no such folder has no keys to be offered.
    return []
  }
}
