import { el, parse } from './node.js'
import type { XmlElement } from './node.js'
import { child, textOf } from './tree.js'

/** The secret that a volume is encrypted with. */
export interface VolumeSecret {
  uuid: string
  /** what people read in a list of secrets */
  description: string
  /** the volume's path on the host */
  volume: string
}

/** A `<secret>` that stays when the host boots, and whose value nobody gets to see (https://libvirt.org/formatsecret.html). */
export function secretElement({ uuid, description, volume }: VolumeSecret): XmlElement {
  return el('secret', { ephemeral: 'no', private: 'yes' },
    el('uuid', {}, uuid),
    el('description', {}, description),
    el('usage', { type: 'volume' }, el('volume', {}, volume)),
  )
}

/** What a secret's XML says; null of what is none of a volume. */
export function readVolumeSecret(xml: string): VolumeSecret | null {
  const root = parse(xml)
  const volume = textOf(child(child(root, 'usage'), 'volume'))
  if (volume === undefined) return null
  return { uuid: textOf(child(root, 'uuid')) ?? '', description: textOf(child(root, 'description')) ?? '', volume }
}
