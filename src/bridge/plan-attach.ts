import { UsageError } from '../errors.js'
import type { Address, HostState, Link } from './host-state.js'
import { portsOf } from './list-bridges.js'
import { movable, planMove, type Move } from './plan-move.js'
import { link, vlan, type Step } from './steps.js'

export interface Vlans {
  /** the VLAN of frames without a tag */
  untagged: number | null
  /** `20` and `20-30` */
  tagged: readonly string[]
}

export interface Attachment {
  bridge: Link
  port: Link
  /** addresses and routes go to the bridge */
  move: boolean
  vlans: Vlans
  /** the bridge's MAC address was chosen by somebody, and does not follow its ports */
  macIsFixed: boolean
  /** it is made in the same run, so that nothing of it need be restored */
  isNew: boolean
}

export interface AttachPlan {
  steps: Step[]
  undo: Step[]
  addresses: Address[]
}

/**
 * The steps that make a device a port of a bridge, and what restores both, whichever steps were taken; null when it is so
 * already. @throws BayError for a route that cannot be moved, UsageError for VLANs that would cut this system off
 */
export function planAttach(state: HostState, { bridge, port, move, vlans, macIsFixed, isNew }: Attachment): AttachPlan | null {
  const isPort = port.master === bridge.name
  const going = move ? movable(port) : []
  if (isPort && port.up && bridge.up && going.length === 0) return null
  if (going.length > 0 && vlans.untagged !== null && vlans.untagged !== 1) throw wouldCut(vlans.untagged, going)
  const moving: Move = going.length === 0 ? nothing : planMove(state, port, bridge)
  const alone = portsOf(state.links, bridge.name).every((name) => name === port.name)
  // Whoever knows this system by its MAC address goes on to.
  const mac = macIsFixed && alone && going.length > 0 && bridge.mac !== port.mac ? [link.set(bridge.name, 'address', port.mac)] : []
  return {
    steps: [
      ...bridge.up ? [] : [link.set(bridge.name, 'up')], ...port.up ? [] : [link.set(port.name, 'up')],
      ...isPort ? [] : [link.set(port.name, 'master', bridge.name), ...vlanSteps(port.name, vlans)],
      ...moving.leave, ...mac, ...moving.arrive,
    ],
    undo: [
      ...moving.takeBack,
      ...isPort ? [] : [link.set(port.name, 'nomaster')],
      ...port.up ? [] : [link.set(port.name, 'down')],
      ...isNew ? [] : bridgeAsBefore(bridge, { withMac: mac.length > 0 || (alone && !isPort) }),
      ...moving.giveBack,
    ],
    addresses: moving.addresses,
  }
}

/** What a bridge has whose last port has left, and what none can be given. */
const noMac = '00:00:00:00:00:00'

/** Without ports a bridge has no MAC address unless it is given one, and its MTU follows its ports. */
export function bridgeAsBefore({ name, mac, mtu, up }: Link, { withMac }: { withMac: boolean }): Step[] {
  return [
    ...withMac && mac !== noMac ? [link.set(name, 'address', mac)] : [],
    link.set(name, 'mtu', String(mtu)),
    ...up ? [] : [link.set(name, 'down')],
  ]
}

export const nothing: Move = { addresses: [], leave: [], arrive: [], takeBack: [], giveBack: [] }

/** A new port is in VLAN 1, where frames of other ports would leave by it too. */
function vlanSteps(port: string, { untagged, tagged }: Vlans): Step[] {
  const own = untagged === null || untagged === 1 ? [] : [vlan.add(port, String(untagged), 'pvid', 'untagged'), vlan.delete(port, '1')]
  return [...own, ...tagged.map((ids) => vlan.add(port, ids))]
}

function wouldCut(id: number, addresses: readonly Address[]): UsageError {
  const own = addresses.map(({ local, prefix }) => `${local}/${prefix}`).join(', ')
  return new UsageError(
    `--vlan ${id} would cut this system off from its own addresses there (${own}): the bridge itself is in VLAN 1`,
    'attach it without --vlan', '--keep-addresses, when nobody needs them any more',
  )
}
