import { setTimeout as sleep } from 'node:timers/promises'
import { BayError, type Diagnosis } from '../../errors.js'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import type { DiskDescription, NicDescription } from '../../xml/domain-device-descriptions.js'
import { readNetwork } from '../../xml/network-description.js'
import type { Connection } from '../connection.js'
import type { DiskError } from '../disk-errors.js'
import type { Domain } from '../domain.js'
import type { ConsoleTail } from './console-tail.js'
import { activeLeases, type LeasesByMac } from './leases-by-mac.js'
import { screenshotFile } from './screenshot-file.js'
import { addressesByMac } from './vm-addresses.js'
import type { Condition } from './wait-condition.js'
import { findingsOf, type DiskFacts, type NicFacts, type PortFacts, type VmFacts } from './wait-findings.js'

export interface InVain {
  connection: Connection
  domain: Domain
  missing: readonly Condition[]
  ports: readonly PortFacts[]
  /** what cloud-init last said of itself; null when it was not heard */
  cloudInit: string | null
  console: ConsoleTail
}

/** How long (ms) one question may take that the host might not answer; after one that it did not, no other is asked. */
const patience = 4000

/**
 * Finds out what can be known of why it was waited in vain. Never throws, and never hangs: what cannot be known is a finding.
 */
export async function diagnoseVm(inVain: InVain): Promise<Diagnosis> {
  const { connection, domain, missing, ports, cloudInit, console: tail } = inVain
  const look = new Looking()
  const lines = tail.unknown === null ? look.now('its console', () => tail.lines()) ?? null : null
  const state = look.now('its state', () => domain.state())
  const description = look.now('its description', () => readDomain(domain.xml()))
  const on = state !== undefined && state.state !== 'off'
  const nics = description && on ? look.now('its addresses', () => nicFacts(connection, domain, description.nics)) : []
  const disks = description && on ? await diskFacts(connection, domain, description.disks, look) : []
  const screenshot = on && description && hasDisplay(description) ? await pictureOf(domain, look) : null
  const deaf = tail.unknown === null || !on ? [] : [`its console could not be read: ${tail.unknown}`]
  const facts: VmFacts = {
    name: domain.name(), state: state?.state ?? 'unknown', reason: state?.reason ?? 'unknown', missing, nics: nics ?? [], disks, ports,
    agent: description?.agentChannel ?? { present: true, connected: null }, cloudInit, console: lines,
    unknown: [...look.unknown, ...deaf],
  }
  return { findings: findingsOf(facts), console: lines, screenshot: screenshot ?? null }
}

/** Looks at things and writes down what could not be seen. */
class Looking {
  readonly unknown: string[] = []
  #stuck = false

  now<T>(what: string, look: () => T): T | undefined {
    if (this.#stuck) return undefined
    try {
      return look()
    } catch (error) {
      this.#failed(what, error)
      return undefined
    }
  }

  /** A question that the host may leave open, while a job of the machine is stuck, say; the connection is not used after that. */
  async wait<T>(what: string, look: () => Promise<T>): Promise<T | undefined> {
    if (this.#stuck) return undefined
    const answer = look()
    // When it comes too late, nobody waits for it any more.
    answer.catch(() => undefined)
    const late = sleep(patience, undefined, { ref: false }).then(() => {
      this.#stuck = true
      throw new BayError('timeout', `no answer in ${patience / 1000} s`)
    })
    late.catch(() => undefined)
    try {
      return await Promise.race([answer, late])
    } catch (error) {
      this.#failed(what, error)
      return undefined
    }
  }

  #failed(what: string, error: unknown): void {
    this.unknown.push(`${what} could not be found out: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function nicFacts(connection: Connection, domain: Domain, nics: readonly NicDescription[]): NicFacts[] {
  const leases: LeasesByMac = activeLeases(connection)
  const current = addressesByMac(connection, domain, nics, { afterReboot: true })
  return nics.map(({ mac, type, source, tap }) => ({
    mac: mac ?? 'its interface', type, source,
    network: type === 'network' && source !== null ? networkFacts(connection, source) : null,
    lease: mac !== null && current.has(mac) ? 'current' : leases.has((mac ?? '').toLowerCase()) ? 'old' : 'none',
    sent: tap === null ? null : atLeast0(domain.traffic(tap).sent),
  }))
}

function networkFacts(connection: Connection, name: string): NicFacts['network'] {
  using network = connection.network(name)
  const { subnets } = readNetwork(network.xml())
  return { active: network.isActive(), dhcp: subnets.some(({ dhcp, reservations }) => dhcp.length + reservations.length > 0) }
}

function atLeast0(count: number): number | null {
  return count < 0 ? null : count
}

async function diskFacts(
  connection: Connection, domain: Domain, disks: readonly DiskDescription[], look: Looking,
): Promise<DiskFacts[]> {
  const errors = await look.wait('whether its disks failed', () => domain.diskErrors(disks.length)) ?? []
  const facts: DiskFacts[] = []
  for (const error of errors) facts.push(await failedDisk(connection, error, disks, look))
  return facts
}

async function failedDisk(
  connection: Connection, { target, error }: DiskError, disks: readonly DiskDescription[], look: Looking,
): Promise<DiskFacts> {
  const disk = disks.find((each) => each.target === target)
  const path = disk?.path ?? null
  const pool = path === null ? disk?.pool ?? undefined : look.now(`the pool of ${target}`, () => poolOf(connection, path))
  if (pool === undefined) return { target, error, path, pool: null }
  return { target, error, path, pool: { name: pool, available: await freeIn(connection, pool, look) } }
}

function poolOf(connection: Connection, path: string): string {
  using volume = connection.volumeByPath(path)
  using pool = connection.poolOf(volume)
  return pool.name()
}

/** What a pool says of itself is as old as its last refresh. */
async function freeIn(connection: Connection, name: string, look: Looking): Promise<number | null> {
  return await look.wait(`how full the pool ${name} is`, async () => {
    using pool = connection.pool(name)
    await pool.refresh()
    return pool.info().available
  }) ?? null
}

function hasDisplay({ graphics }: DomainDescription): boolean {
  return graphics.length > 0
}

function pictureOf(domain: Domain, look: Looking): Promise<string | undefined> {
  return look.wait('what its display shows', () => screenshotFile(domain, Date.now() + patience))
}
