import type { Outcome } from './action.js'
import { findBridge, findLink, refuseCard, refusePort } from './bridge/check-port.js'
import { readHost, type HostState, type Link } from './bridge/host-state.js'
import { typed } from './bridge/ip.js'
import { planAttach, type Attachment, type AttachPlan, type Vlans } from './bridge/plan-attach.js'
import { planCreate, type NewBridge } from './bridge/plan-create.js'
import { planDetach } from './bridge/plan-detach.js'
import { macIsFixed, portVlans, sameVlans } from './bridge/port-facts.js'
import { carrierOf, sshAddress } from './bridge/ssh-session.js'
import type { BridgeChange, MadeChange } from './bridge-change.js'
import { keepWaiting } from './bridge-confirm.js'
import { BayError, UsageError } from './errors.js'
import type { Connection } from './virt/connection.js'
import { machineOfTap } from './virt/ops/bridge-use.js'
import { sh } from './shell.js'

/** What a run on one bridge was told, and how it makes its change. */
export interface BridgeRun {
  bridge: string
  dryRun: boolean
  /** --confirm: an earlier change is kept */
  keep: boolean
  /** milliseconds until it is undone without a yes; null when it stays at once */
  within: number | null
  /** whether it may cut off the ssh session that it runs in */
  mayCut: boolean
  note: (text: string) => void
  persist: boolean
  /** `released` are devices that are no longer its ports */
  change: <P extends BridgeChange>(plan: () => Promise<P | null>, released?: readonly string[]) => Promise<MadeChange<P>>
}

interface Wanted { bridge: NewBridge, ports: readonly string[], ifMissing: boolean, host: Connection | null }

/** Makes a bridge, with its ports. @throws BayError `exists`, and as changeBridges */
export async function createBridge({ bridge, ports, ifMissing, host }: Wanted, run: BridgeRun): Promise<Outcome> {
  const { name } = bridge
  if (run.keep) return kept(run, ({ links }) => links.some((each) => each.name === name), 'exists')
  const made = await run.change(async () => {
    const state = await readHost()
    const there = state.links.find((each) => each.name === name)
    if (there?.bridge && ifMissing) return null
    if (there) throw new BayError('exists', `there is a ${there.bridge ? 'bridge' : 'network device'} ${name} already`, { hints: ['give another name, or --if-missing', 'bay bridge list'] })
    return planNew(state, bridge, ports.map((each) => usable(state, name, each, host, run)), run)
  })
  const { addresses, stp, vlanFiltering } = bridge
  return outcome(made, run, { done: 'created', would: 'would be created', already: 'exists already' }, {
    ports: [...ports], addresses: [...addresses], stp, vlanFiltering,
  })
}

interface NewPort { port: string, vlans: Vlans, move: boolean, host: Connection | null }

/** Makes a device a port of a bridge. @throws BayError `not-found`, `wrong-state`, and as changeBridges */
export async function attachPort({ port: name, vlans, move, host }: NewPort, run: BridgeRun): Promise<Outcome> {
  if (run.keep) return kept(run, ({ links }) => links.some((each) => each.name === name && each.master === run.bridge), `has the port ${name}`)
  const made = await run.change(async () => {
    const state = await readHost()
    const bridge = findBridge(state.links, run.bridge)
    const port = usable(state, run.bridge, name, host, run)
    await checkVlans(bridge, port, vlans)
    waitsForStp(bridge.bridge, run)
    return planAttach(state, { bridge, port, move, vlans, macIsFixed: macIsFixed(bridge.name), isNew: false })
  })
  return outcome(made, run, { done: `has the port ${name}`, would: `would get the port ${name}`, already: `has the port ${name} already` }, { interface: name })
}

/** Takes a port from its bridge. @throws BayError `not-found`, `wrong-state`, and as changeBridges */
export async function detachPort({ port: name, move, host }: Omit<NewPort, 'vlans'>, run: BridgeRun): Promise<Outcome> {
  if (run.keep) return kept(run, ({ links }) => links.every((each) => each.name !== name || each.master !== run.bridge), `does not have the port ${name}`, [name])
  const made = await run.change(async () => {
    const state = await readHost()
    const bridge = findBridge(state.links, run.bridge)
    const port = findLink(state.links, name)
    if (port.master === bridge.name) {
      refuseCard(bridge.name, port, tapsOf(host))
      refuseCut(bridge, run)
    }
    return planDetach(state, {
      bridge, port, move, macIsFixed: macIsFixed(bridge.name),
      vlans: bridge.bridge.vlanFiltering && port.master === bridge.name ? await portVlans(name) : null,
    })
  }, [name])
  return outcome(made, run, {
    done: `no longer has the port ${name}`, would: `would lose the port ${name}`, already: `does not have the port ${name}`,
  }, { interface: name })
}

function planNew(state: HostState, bridge: NewBridge, ports: readonly Link[], run: BridgeRun): AttachPlan {
  const { name, stp, vlanFiltering, mtu } = bridge
  const fresh: Link & { bridge: NonNullable<Link['bridge']> } = {
    name, up: true, operState: 'DOWN', mtu: mtu ?? 1500, mac: '', ethernet: true, loopback: false, kind: 'bridge', master: null, parent: null,
    bridge: { stp, vlanFiltering, forwardDelay: 15 }, addresses: [],
  }
  if (ports.length > 0) waitsForStp(fresh.bridge, run)
  // With its first port's address: udev would choose one of its own, and whoever knows this system by it would not know it again.
  const made = planCreate({ ...bridge, mac: ports[0]?.mac ?? null })
  const attachment: Omit<Attachment, 'port'> = { bridge: fresh, move: true, vlans: { untagged: null, tagged: [] }, macIsFixed: false, isNew: true }
  const attached = ports.flatMap((port) => planAttach(state, { ...attachment, port }) ?? [])
  return {
    steps: [...made.steps, ...attached.flatMap(({ steps }) => steps)],
    undo: [...[...attached].reverse().flatMap(({ undo }) => undo), ...made.undo],
    addresses: attached.flatMap(({ addresses }) => addresses),
  }
}

/** A device that may become a port. @throws BayError */
function usable(state: HostState, bridge: string, name: string, host: Connection | null, run: BridgeRun): Link {
  const port = findLink(state.links, name)
  refusePort(state.links, bridge, port, tapsOf(host))
  if (port.master !== bridge) refuseCut(port, run)
  return port
}

function tapsOf(host: Connection | null): (device: string) => string | undefined {
  return (device) => host === null ? undefined : machineOfTap(host, device)
}

/** @throws UsageError when whoever runs this came in by the device, and did not say that it may be cut off */
function refuseCut(device: Link, { mayCut, dryRun }: BridgeRun): void {
  const address = sshAddress()
  if (mayCut || dryRun || address === null || carrierOf([device], address) === undefined) return
  throw new UsageError(`your ssh session comes in by ${device.name} (${address}), and may be cut off`,
    '--confirm-within 60s undoes it unless you confirm', 'or --yes, when you have another way in')
}

async function checkVlans(bridge: Link & { bridge: NonNullable<Link['bridge']> }, port: Link, vlans: Vlans): Promise<void> {
  if (vlans.untagged === null && vlans.tagged.length === 0) return
  if (!bridge.bridge.vlanFiltering) {
    throw new UsageError(`the bridge ${bridge.name} does not filter VLANs`, 'make one that does: bay bridge create NAME --vlan-filtering', sh`ip link set dev ${bridge.name} type bridge vlan_filtering 1`)
  }
  if (port.master !== bridge.name || sameVlans(await portVlans(port.name), vlans)) return
  throw new BayError('wrong-state', `${port.name} is a port of ${bridge.name} already, with other VLANs`, { hints: [sh`bay bridge detach ${bridge.name} ${port.name}`] })
}

/** In a spanning tree a bridge listens and learns before a new port passes anything. @throws UsageError when there is no time */
function waitsForStp({ stp, forwardDelay }: NonNullable<Link['bridge']>, { within, note }: BridgeRun): void {
  if (!stp) return
  const seconds = 2 * forwardDelay
  if (within !== null && within < (seconds + 5) * 1000) {
    throw new UsageError(`--confirm-within ${within / 1000}s is too short: the bridge has STP, and a new port passes nothing for ${seconds} s`, `--confirm-within ${seconds + 30}s`)
  }
  note(`bay: the bridge has STP: the port passes nothing for the first ${seconds} s`)
}

async function kept(
  run: BridgeRun, isSo: (state: HostState) => boolean, so: string, released: readonly string[] = [],
): Promise<Outcome> {
  const wasWaiting = !run.dryRun && await keepWaiting(run.bridge)
  if (!wasWaiting && !isSo(await readHost())) {
    throw new BayError('wrong-state', `nothing waits for a confirmation, and the change of ${run.bridge} is not there: it was undone, or never made`, {
      hints: ['bay bridge list'],
    })
  }
  const made = await run.change(() => Promise.resolve(null), released)
  const said = wasWaiting ? 'is kept' : `${so}, and nothing waits for a confirmation`
  return { changed: wasWaiting || written(made), said: `${said}${ofFiles(made)}`, ...persistent(made) }
}

interface Words { done: string, would: string, already: string }

function outcome(made: MadeChange<BridgeChange & Partial<AttachPlan>>, run: BridgeRun, words: Words, more: object): Outcome {
  const { plan, until } = made
  if (plan === null) return { changed: written(made), said: `${words.already}${ofFiles(made)}`, ...more, moved: [], until, ...persistent(made) }
  tellMore(made, run)
  const moved = plan.addresses?.map(({ local, prefix }) => `${local}/${prefix}`) ?? []
  const calls = plan.steps.map(typed)
  const said = `${run.dryRun ? words.would : words.done}${moved.length === 0 ? '' : ` with ${moved.join(', ')}`}${ofFiles(made)}`
  if (run.dryRun) return { changed: true, said: [said, ...calls].join('\n  '), ...more, moved, until, calls }
  return { changed: true, said, ...more, moved, until, ...persistent(made) }
}

function tellMore({ plan, until, kept }: MadeChange<BridgeChange & Partial<AttachPlan>>, run: BridgeRun): void {
  const dynamic = plan?.addresses?.filter(({ dynamic }) => dynamic).map(({ local }) => local) ?? []
  if (dynamic.length > 0) run.note(`bay: ${dynamic.join(', ')} came from DHCP or the router: tell its client to ask on the other device from now on`)
  if (run.dryRun || kept) return
  if (run.persist && until === null) run.note(`bay: it lasts until the next reboot: ${noKeeper}`)
  else if (!run.persist) run.note('bay: it lasts until the next reboot, for it was made without --persist')
}

const noKeeper = 'neither netplan, NetworkManager, systemd-networkd nor ifupdown was found'

function written({ kept }: MadeChange<BridgeChange>): boolean {
  return kept !== null && kept.files.length > 0
}

function ofFiles({ kept }: MadeChange<BridgeChange>): string {
  return kept && kept.files.length > 0 ? `; written for ${kept.keeper}: ${kept.files.join(', ')}` : ''
}

function persistent({ kept }: MadeChange<BridgeChange>): object {
  return { persistent: kept?.keeper ?? null, files: kept?.files ?? [] }
}
