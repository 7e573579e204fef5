import { UsageError } from '../errors.js'
import { el, type XmlElement } from './node.js'
import { integer } from './numbers.js'
import { all, attr, child, children, path, remove, textOf, upsert } from './tree.js'

/** How a guest sees its CPUs; all are at least 1. */
export interface Topology { sockets: number, dies: number, cores: number, threads: number }

export interface VcpuChange {
  /** how many it has */
  vcpus?: number
  /** how many it may have while it runs */
  maxVcpus?: number
  /** null removes it */
  topology?: Topology | null
}

/** How many CPUs a domain has, and may have (https://libvirt.org/formatdomain.html#cpu-allocation). */
export function vcpusOf(root: XmlElement): { vcpus: number, maxVcpus: number } {
  const element = child(root, 'vcpu')
  const maxVcpus = integer(textOf(element)) ?? 1
  return { vcpus: integer(attr(element, 'current')) ?? maxVcpus, maxVcpus }
}

/** The topology as `2x4x1`: sockets, cores, threads, with dies in the second place where there are several; null for none. */
export function topologyOf(root: XmlElement): string | null {
  const element = path(root, 'cpu/topology')
  if (!element) return null
  const { sockets, dies, cores, threads } = readTopology(element)
  return (dies === 1 ? [sockets, cores, threads] : [sockets, dies, cores, threads]).join('x')
}

/**
 * Sets a domain's numbers of CPUs. More than the maximum raises the maximum, a maximum below the number lowers that, and the
 * topology, a single NUMA cell and the list of single CPUs follow; nothing else changes.
 * @throws UsageError for numbers that contradict each other, or what the machine is made of
 */
export function setVcpus(root: XmlElement, { topology, ...change }: VcpuChange): void {
  const now = vcpusOf(root)
  if (topology !== undefined) setTopology(root, topology)
  const maxVcpus = maximum(root, now, { topology, ...change })
  const vcpus = change.vcpus ?? Math.min(now.vcpus, maxVcpus)
  if (vcpus > maxVcpus) throw new UsageError(`${vcpus} vcpus are more than the maximum of ${maxVcpus}`, 'give a higher max-vcpus, or topology')
  if (maxVcpus !== now.maxVcpus) {
    fitTopology(root, maxVcpus)
    fitCells(root, now.maxVcpus, maxVcpus)
  }
  if (vcpus === now.vcpus && maxVcpus === now.maxVcpus) return
  upsert(root, 'vcpu', { current: vcpus < maxVcpus ? vcpus : null }, maxVcpus)
  fitList(root, vcpus, maxVcpus)
}

function maximum(root: XmlElement, now: { maxVcpus: number }, { vcpus = 0, maxVcpus, topology }: VcpuChange): number {
  if (topology) {
    const product = cpusOf(topology)
    if (maxVcpus === undefined || maxVcpus === product) return product
    throw new UsageError(`the topology has ${product} CPUs, and max-vcpus is ${maxVcpus}`, 'leave max-vcpus out: it follows the topology')
  }
  if (maxVcpus !== undefined) return maxVcpus
  if (vcpus <= now.maxVcpus) return now.maxVcpus
  const step = cpusOfSocket(root)
  return Math.ceil(vcpus / step) * step
}

function readTopology(element: XmlElement): Topology {
  const number = (name: string) => integer(attr(element, name)) ?? 1
  return { sockets: number('sockets'), dies: number('dies'), cores: number('cores'), threads: number('threads') }
}

function setTopology(root: XmlElement, topology: Topology | null): void {
  if (topology === null) {
    remove(root, 'cpu/topology')
    return
  }
  const old = path(root, 'cpu/topology')
  if (old && attr(old, 'clusters') === undefined && isSame(readTopology(old), topology)) return
  const { sockets, dies, cores, threads } = topology
  // What is not said is one; libvirt 10 has clusters too.
  upsert(root, 'cpu/topology', { sockets, dies: dies === 1 && attr(old, 'dies') === undefined ? null : dies, clusters: null, cores, threads })
}

function isSame(a: Topology, b: Topology): boolean {
  return a.sockets === b.sockets && a.dies === b.dies && a.cores === b.cores && a.threads === b.threads
}

function cpusOf({ sockets, dies, cores, threads }: Topology): number {
  return sockets * dies * cores * threads
}

/** The steps in which the topology lets the CPUs grow. */
function cpusOfSocket(root: XmlElement): number {
  const element = path(root, 'cpu/topology')
  return element ? cpusOf({ ...readTopology(element), sockets: 1 }) * (integer(attr(element, 'clusters')) ?? 1) : 1
}

/** The guest gets more or fewer sockets of the same kind. */
function fitTopology(root: XmlElement, maxVcpus: number): void {
  const element = path(root, 'cpu/topology')
  const step = cpusOfSocket(root)
  if (!element || step * readTopology(element).sockets === maxVcpus) return
  if (maxVcpus % step !== 0) {
    throw new UsageError(`a maximum of ${maxVcpus} CPUs does not fit the topology, whose sockets have ${step} each`,
      `a multiple of ${step}`, 'or a topology=SOCKETSxCORESxTHREADS that fits; topology= removes it')
  }
  upsert(root, 'cpu/topology', { sockets: maxVcpus / step })
}

function fitCells(root: XmlElement, before: number, after: number): void {
  const cells = all(root, 'cpu/numa/cell')
  const [cell] = cells
  if (!cell) return
  if (cells.length > 1) throw manyCells(cells.length, 'which of them get other CPUs')
  const whole = (count: number) => count === 1 ? '0' : `0-${count - 1}`
  if (attr(cell, 'cpus') === whole(before)) cell.attributes['cpus'] = whole(after)
  else throw new UsageError(`the machine's NUMA cell has the CPUs ${attr(cell, 'cpus') ?? ''}, not all`, 'bay vm edit says which it has')
}

/** Only a person knows what goes into which. */
export function manyCells(count: number, what: string): UsageError {
  return new UsageError(`the machine has ${count} NUMA cells, and it is not said ${what}`, 'bay vm edit changes them')
}

/** Where CPUs are listed one by one, the list says which are on. */
function fitList(root: XmlElement, vcpus: number, maxVcpus: number): void {
  const list = child(root, 'vcpus')
  if (!list) return
  const idOf = (each: XmlElement) => integer(attr(each, 'id')) ?? 0
  remove(root, 'vcpus/vcpu', (each) => idOf(each) >= maxVcpus)
  const known = new Set(children(list, 'vcpu').map(idOf))
  for (let id = 0; id < maxVcpus; id += 1) {
    if (!known.has(id)) list.children.push(el('vcpu', { id, enabled: false, hotpluggable: true }))
  }
  const isOn = (each: XmlElement) => attr(each, 'enabled') !== 'no'
  const inOrder = children(list, 'vcpu').sort((a, b) => idOf(a) - idOf(b))
  const on = inOrder.filter(isOn)
  // The first CPU, and those that cannot be taken away while it runs, go last.
  const goFirst = on.toSorted((a, b) => Number(isFixed(a)) - Number(isFixed(b)) || idOf(b) - idOf(a))
  for (const each of goFirst.slice(0, Math.max(on.length - vcpus, 0))) {
    Object.assign(each.attributes, { enabled: 'no', hotpluggable: 'yes' })
    delete each.attributes['order']
  }
  for (const each of inOrder.filter((other) => !isOn(other)).slice(0, Math.max(vcpus - on.length, 0))) each.attributes['enabled'] = 'yes'
}

function isFixed(vcpu: XmlElement): boolean {
  return attr(vcpu, 'hotpluggable') === 'no'
}
