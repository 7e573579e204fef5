import { el, setAttributes, type XmlElement } from './node.js'
import { attr, child, remove, textOf, upsert } from './tree.js'

/** What a domain's CPU can be instead of a model by name. */
export const cpuModes = ['host-passthrough', 'host-model', 'maximum'] as const

/** One of `cpuModes`, or a model's name; null where libvirt chooses (https://libvirt.org/formatdomain.html#cpu-model-and-topology). */
export function cpuOf(root: XmlElement): string | null {
  const cpu = child(root, 'cpu')
  const mode = attr(cpu, 'mode')
  return mode !== undefined && mode !== 'custom' ? mode : textOf(child(cpu, 'model'))?.trim() || null
}

/** Makes a domain's CPU one of `cpuModes`, or a model; its topology, cells and features stay. */
export function setCpu(root: XmlElement, choice: string): void {
  if (cpuOf(root) === choice) return
  const cpu = upsert(root, 'cpu', { check: null, migratable: null })
  remove(root, 'cpu/vendor')
  if (isMode(choice)) {
    setAttributes(cpu, { mode: choice, match: null })
    remove(root, 'cpu/model')
    return
  }
  setAttributes(cpu, { mode: 'custom', match: attr(cpu, 'match') ?? 'exact' })
  if (child(cpu, 'model')) upsert(cpu, 'model', {}, choice)
  // Without the model the machine does not start, rather than with another one.
  else cpu.children.unshift(el('model', { fallback: 'forbid' }, choice))
}

export function isMode(choice: string): boolean {
  return cpuModes.some((mode) => mode === choice)
}
