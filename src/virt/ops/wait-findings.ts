import { sh } from '../../shell.js'
import { formatSize } from '../../units.js'
import type { Condition } from './wait-condition.js'

/** What is known of a machine for which was waited in vain. */
export interface VmFacts {
  name: string
  state: string
  reason: string
  /** what has not come true */
  missing: readonly Condition[]
  nics: readonly NicFacts[]
  agent: { present: boolean, connected: boolean | null }
  disks: readonly DiskFacts[]
  ports: readonly PortFacts[]
  /** what cloud-init last said of itself; null when it was not heard */
  cloudInit: string | null
  /** the last lines of its console; null when they are not known */
  console: readonly string[] | null
  /** what could not be found out, each with why */
  unknown: readonly string[]
}

export interface NicFacts {
  mac: string
  type: string
  /** the network, bridge or device that it is on */
  source: string | null
  /** a libvirt network: whether it runs, and whether it gives addresses; null for another, or when it is not known */
  network: { active: boolean, dhcp: boolean } | null
  lease: 'none' | 'old' | 'current'
  /** bytes that the guest has sent in this run; null when it is not known */
  sent: number | null
}

/** A disk on which reading or writing has failed. */
export interface DiskFacts {
  target: string
  /** `no-space` or another of libvirt's reasons */
  error: string
  path: string | null
  /** where it lies; null when in no pool. `available` is in bytes, null when it is not known */
  pool: { name: string, available: number | null } | null
}

export interface PortFacts {
  port: number
  /** by address, a code of the system */
  failures: ReadonlyMap<string, string>
}

export interface Finding {
  code: string
  message: string
  hint: string | null
}

/** What the facts say of why it was waited in vain, what explains most first. */
export function findingsOf(facts: VmFacts): Finding[] {
  const needs = (...kinds: Condition['kind'][]) => facts.missing.some(({ kind }) => kinds.includes(kind))
  const noAddress = !facts.nics.some(({ lease }) => lease === 'current')
  return [
    ...stateFindings(facts), ...panic(facts),
    ...needs('ip') || (needs('port') && noAddress) ? facts.nics.flatMap((nic) => nicFinding(nic) ?? []) : [],
    ...needs('agent', 'cloud-init') ? agentFindings(facts, !noAddress) : [],
    ...needs('cloud-init') ? cloudInitFindings(facts) : [],
    ...needs('port') ? facts.ports.flatMap(portFindings) : [],
    ...facts.unknown.map((message) => ({ code: 'unknown', message, hint: null })),
  ]
}

function stateFindings({ name, state, reason, disks, missing }: VmFacts): Finding[] {
  const failed = disks.map((disk) => diskFinding(name, disk))
  if (state === 'paused' && missing.every(({ kind }) => kind !== 'paused')) {
    if (reason === 'io-error') {
      return failed.length > 0 ? failed : [found('io-error', 'it is paused, since a disk failed', sh`bay vm resume ${name} once that is mended`)]
    }
    return [found('paused', `it is paused (${reason}), so its guest does nothing`, sh`bay vm resume ${name}`), ...failed]
  }
  if (state === 'crashed') return [found('crashed', `its guest has crashed (${reason})`, sh`bay vm stop --force ${name} && bay vm start ${name}`)]
  if (state === 'suspended') return [found('suspended', 'its guest sleeps', sh`bay vm resume ${name}`)]
  return failed
}

function diskFinding(name: string, { target, error, path, pool }: DiskFacts): Finding {
  const where = pool ? `the pool ${pool.name}` : `the file system of ${path ?? 'its source'}`
  const goOn = sh`bay vm resume ${name}`
  if (error !== 'no-space') return found('io-error', `its disk ${target} has failed (${error}), in ${where}`, `${goOn} once that is mended`)
  const free = pool?.available === null || pool?.available === undefined ? '' : `, ${formatSize(pool.available)} free`
  const look = pool ? sh`bay vol list ${pool.name} shows what is in it; ` : ''
  return found('pool-full', `${where} is full${free}: its disk ${target} found no space, and the guest stands still`, `${look}make room, then ${goOn}`)
}

/** A guest without a panic device tells it only to its console. */
function panic({ console }: VmFacts): Finding[] {
  const line = console?.find((each) => /Kernel panic|BUG: unable to handle|SYSTEM_SERVICE_EXCEPTION|Entering emergency mode|dracut-emergency/.test(each))
  const said = line?.trim()
  return said === undefined ? [] : [found('guest-panic', `its guest does not go on: ${said}`, null)]
}

function nicFinding({ mac, type, source, network, lease, sent }: NicFacts): Finding | null {
  if (lease === 'current') return null
  if (type === 'user') return found('address-hidden', `the address of ${mac} is behind QEMU's own NAT, where the host does not see it`, 'wait for agent instead')
  if (type !== 'network' || network === null) {
    return found('no-address-seen', `${mac} is on ${type} ${source ?? ''}: whoever gives addresses there is not libvirt, and the host has seen none`, 'wait for agent instead')
  }
  if (!network.active) return found('network-off', `the network ${source} is not active`, sh`bay net start ${source ?? ''}`)
  if (!network.dhcp) return found('no-dhcp', `the network ${source} has no DHCP, so nobody gives ${mac} an address`, 'wait for agent or running instead')
  if (lease === 'old') {
    return found('old-lease', `${mac} has only the lease of an earlier run: since this one began it has not asked the network ${source} again`, null)
  }
  const silent = sent === 0 ? ': it has sent nothing at all' : sent === null ? '' : `, though it has sent ${sent} bytes`
  return found('no-dhcp-request', `${mac} has got no lease of the network ${source}, as when no DHCP request came from it${silent}`,
    sent === 0 ? 'does it boot, and has it a driver for its network card? see its console' : 'does a filter of it or a firewall of the host stop DHCP?')
}

function agentFindings({ name, agent }: VmFacts, hasAddress: boolean): Finding[] {
  if (!agent.present) return [found('no-agent-channel', 'its definition has no channel for an agent', sh`bay vm xml ${name}`)]
  if (agent.connected) return []
  const so = hasAddress ? 'it has an address, but no agent has connected' : 'no agent has connected'
  return [found('no-agent', `${so} to its channel`, 'in the guest: install and start qemu-guest-agent')]
}

function cloudInitFindings({ name, agent, cloudInit }: VmFacts): Finding[] {
  if (!agent.connected || cloudInit === null) return []
  return [found('cloud-init', `cloud-init: ${cloudInit}`, sh`bay vm exec ${name} -- cloud-init status --long`)]
}

const portWords: Record<string, string> = {
  ECONNREFUSED: 'the guest refuses: nobody listens there', ETIMEDOUT: 'no answer: a firewall, or no way there from here',
  EHOSTUNREACH: 'it cannot be reached from here', ENETUNREACH: 'there is no route to it from here',
}

function portFindings({ port, failures }: PortFacts): Finding[] {
  return [...failures].map(([address, code]) => found('port-closed', `port ${port} of ${address}: ${portWords[code] ?? code}`, null))
}

function found(code: string, message: string, hint: string | null): Finding {
  return { code, message, hint }
}
