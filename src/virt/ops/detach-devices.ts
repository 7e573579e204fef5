import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { devicesOf, isSameDevice, type MachineDevice } from '../../xml/machine-devices.js'
import { serialize, type XmlElement } from '../../xml/node.js'
import { attr, child } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { affect } from '../flags.js'
import { withoutDevices, type AttachedDevice } from './attach-devices.js'
import { changeDefinition } from './change-definition.js'
import { removeUnused } from './combined-filter.js'
import { documentsOf, type Documents, type Places } from './device-places.js'
import { generatedOf } from './generated-filter.js'
import { referenceIn } from './nic-filter.js'
import { releaseDevice } from './release-device.js'
import type { Rollback } from './rollback.js'
import { describeUndo } from './undo.js'
import { madeDevices } from './undo-device.js'

/** A device as the machine runs with it and as it will start with it; null where it is not. */
export interface FoundDevice { live: MachineDevice | null, config: MachineDevice | null }

/**
 * The devices that are called so.
 * @throws BayError `not-found`, which names what there is; `usage` when a name fits several
 */
export function findDevices(domain: Domain, places: Places, names: readonly string[]): FoundDevice[] {
  const has = documentsOf(domain, places)
  const all = pairs(has)
  const found = new Set<FoundDevice>()
  for (const name of names) for (const each of cardOf(all, name) ?? [findOne(domain.name(), all, name)]) found.add(each)
  return [...found]
}

/** The devices of both documents, each once. */
function pairs({ live, config }: Documents): FoundDevice[] {
  const stored = config ? devicesOf(config) : []
  const running = live ? devicesOf(live) : []
  const both = running.map((one): FoundDevice => (
    { live: one, config: stored.find((other) => isSameDevice(one.element, other.element)) ?? null }
  ))
  const rest = stored.filter((one) => !both.some(({ config: other }) => other === one))
  return [...both, ...rest.map((one): FoundDevice => ({ live: null, config: one }))]
}

function eitherOf({ live, config }: FoundDevice): MachineDevice {
  const device = live ?? config
  if (!device) throw new TypeError('a device is nowhere')
  return device
}

/** All functions of a card that is named without one: `65:00`; undefined when the machine has none of it. */
function cardOf(all: readonly FoundDevice[], name: string): FoundDevice[] | undefined {
  const card = /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]$/i.test(name) ? spelt(`${name}.0`).slice(0, -1) : undefined
  const functions = all.filter((each) => eitherOf(each).kind === 'pci' && eitherOf(each).names.some((one) => card !== undefined && one.startsWith(card)))
  return functions.length > 0 ? functions : undefined
}

function findOne(machine: string, all: readonly FoundDevice[], name: string): FoundDevice {
  const asked = spelt(name)
  const found = all.filter(({ live, config }) => [live, config].some((device) => device?.names.includes(asked)))
  const [first, second] = found
  if (first && !second) return first
  if (first) {
    throw new BayError('usage', `${name} is the name of ${found.length} devices of ${machine}`, {
      hints: [`name it otherwise: ${found.map((each) => eitherOf(each).names.filter((other) => other !== asked).join(', ')).join('; ')}`],
    })
  }
  const names = all.map(eitherOf).filter(({ element }) => detachable.includes(element.name)).map(({ kind, name: own }) => `${own} (${kind})`)
  throw new BayError('not-found', `the machine ${machine} has no device ${name}`, {
    hints: [names.length > 0 ? `it has ${names.join(', ')}` : 'it has none that could be detached', sh`bay vm show ${machine}`],
  })
}

/** What people detach; other devices go by their alias too. */
const detachable = ['disk', 'interface', 'hostdev']

/** In lower case, and a PCI address as lspci -D writes it. */
function spelt(name: string): string {
  const lower = name.toLowerCase()
  const [, domain = '0000', rest] = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:[01][0-9a-f]\.[0-7])$/.exec(lower) ?? []
  return rest === undefined ? lower : `${Number.parseInt(domain, 16).toString(16).padStart(4, '0')}:${rest}`
}

export interface DetachOptions {
  command: string
  dryRun: boolean
  /** milliseconds for the guest to let go */
  timeout: number
  signal?: AbortSignal
  rollback: Rollback
  report: (step: string) => void
}

/**
 * Takes devices from a machine, as it runs and as it will start: all of them in both places, or none anywhere. First live, for only
 * the guest can say whether that goes, and only then from the definition; when that is refused they are attached again.
 * @throws BayError `timeout` when the guest does not let go, `wrong-state` for what cannot be taken from a running machine
 */
export async function detachDevices(
  connection: Connection, domain: Domain, found: readonly FoundDevice[],
  { command, dryRun, timeout, signal, rollback, report }: DetachOptions,
): Promise<AttachedDevice[]> {
  for (const device of found) if (device.live) refuseFixed(domain.name(), device.live)
  if (!dryRun) {
    for (const { live, config } of found) {
      if (!live) continue
      report(`waiting for the guest to let go of ${live.name}`)
      const release = () => releaseDevice(connection, domain, live.element, { timeout, signal })
      const made = madeDevices({ uuid: domain.uuid(), name: domain.name() }, [asNew(live.element)])
      if (config) await rollback.make(connection, { kind: 'released-device', ...made }, release)
      else await rollback.step(release, () => ({
        ...describeUndo({ kind: 'released-device', ...made }), undo: () => domain.attachDevice(serialize(asNew(live.element)), affect.live),
      }))
    }
    const stored = found.flatMap(({ config }) => config?.element ?? [])
    if (stored.length > 0) changeDefinition(connection, domain, (root) => withoutDevices(root, stored), { command, dryRun })
    const elements = found.flatMap(({ live, config }) => [live, config].flatMap((each) => each?.element ?? []))
    const named = elements.flatMap((element) => referenceIn(element)?.filter ?? [])
    await removeUnused(connection, generatedOf(connection, named), rollback)
    rollback.keep()
  }
  return found.map((device) => {
    const { kind, target, mac, address, source } = eitherOf(device)
    const still = (place: MachineDevice | null) => dryRun && place !== null
    return { kind, target, mac, address, source, where: { live: still(device.live), config: still(device.config) } }
  })
}

/** libvirt takes a drive from no running machine, nor a disk on a bus that knows no such thing. */
function refuseFixed(machine: string, { element, kind, name }: MachineDevice): void {
  const bus = attr(child(element, 'target'), 'bus') ?? ''
  const fixed = kind === 'cdrom' || attr(element, 'device') === 'floppy' || (kind === 'disk' && coldBuses.includes(bus))
  if (!fixed) return
  throw new BayError('wrong-state', `${name} is a ${kind === 'cdrom' ? 'CD-ROM drive' : `disk on ${bus}`}, which no running machine gives away`, {
    hints: [
      ...kind === 'cdrom' ? [sh`take out its disc: bay vm detach cdrom --target=${name} ${machine}`] : [],
      sh`bay vm detach --next-start ${machine} ${name}: without it from the next start on`, sh`bay vm stop ${machine}`,
    ],
  })
}

/** The buses on which nothing comes or goes while a machine runs. */
export const coldBuses: readonly string[] = ['sata', 'ide', 'fdc']

/** Without what the running machine gave it. */
function asNew(element: XmlElement): XmlElement {
  const given = (name: string) => name === 'alias' || (element.name === 'interface' && name === 'target')
  return { ...element, children: element.children.filter((node) => node.type !== 'element' || !given(node.name)) }
}
