import { bootOrderOf, setBootOrder } from './domain-boot-order.js'
import { cpuOf, setCpu } from './domain-cpu.js'
import { balloonOf, memoryOf, setMemory } from './domain-memory.js'
import { setVcpus, topologyOf, vcpusOf, type Topology } from './domain-vcpus.js'
import { setAttributes, type XmlElement } from './node.js'
import { child, remove, textOf, upsert } from './tree.js'

/** What is to be changed of a machine's document; what is left out stays, null removes. Memory is in bytes. */
export interface Settings {
  'vcpus'?: number
  'max-vcpus'?: number
  'topology'?: Topology | null
  'memory'?: number
  'max-memory'?: number
  'balloon'?: 'virtio' | 'none'
  'cpu'?: string
  'boot'?: readonly string[]
  'title'?: string | null
  'description'?: string | null
  'on-poweroff'?: string
  'on-reboot'?: string
  'on-crash'?: string
}

export type SettingName = keyof Settings
export type SettingValue = string | number | null

/** What a machine's document says of each setting, live or stored. */
export function readSettings(root: XmlElement): Record<SettingName, SettingValue> {
  const { vcpus, maxVcpus } = vcpusOf(root)
  const { memory, maxMemory } = memoryOf(root)
  const text = (name: string) => textOf(child(root, name)) || null
  return {
    vcpus, 'max-vcpus': maxVcpus, 'topology': topologyOf(root), memory, 'max-memory': maxMemory, 'balloon': balloonOf(root),
    'cpu': cpuOf(root), 'boot': bootOrderOf(root), 'title': text('title'), 'description': text('description'),
    'on-poweroff': text('on_poweroff'), 'on-reboot': text('on_reboot'), 'on-crash': text('on_crash'),
  }
}

/**
 * Changes a machine's document, and nothing in it that was not asked for, but for what must agree: numbers with their maximum,
 * the topology and a NUMA cell with both.
 * @throws UsageError for what cannot be; the document is then half changed, and not to be used
 */
export function changeSettings(root: XmlElement, wanted: Settings): void {
  if (wanted.cpu !== undefined) setCpu(root, wanted.cpu)
  setVcpus(root, { vcpus: wanted.vcpus, maxVcpus: wanted['max-vcpus'], topology: wanted.topology })
  // First, for what memory means depends on it.
  if (wanted.balloon !== undefined) setBalloon(root, wanted.balloon)
  setMemory(root, { memory: wanted.memory, maxMemory: wanted['max-memory'] })
  if (wanted.boot) setBootOrder(root, wanted.boot)
  for (const name of ['title', 'description'] as const) setText(root, name, wanted[name])
  for (const name of ['on-poweroff', 'on-reboot', 'on-crash'] as const) setText(root, name.replace('-', '_'), wanted[name])
}

function setText(root: XmlElement, element: string, text: string | null | undefined): void {
  if (text === undefined || text === (textOf(child(root, element)) || null)) return
  if (text === null) remove(root, element)
  else upsert(root, element, {}, text)
}

function setBalloon(root: XmlElement, model: 'virtio' | 'none'): void {
  if (balloonOf(root) === model) return
  const balloon = upsert(root, 'devices/memballoon', { model })
  if (model === 'virtio') return
  // What is not there has no place and no options.
  setAttributes(balloon, { autodeflate: null, freePageReporting: null })
  balloon.children = []
}
