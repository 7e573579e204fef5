import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError, failure } from '../errors.js'
import { CloudInitProbe } from './cloud-init-probe.js'
import { PortProbe } from './port-probe.js'
import { addressesByMac } from './vm-addresses.js'
import { needsOn, type Condition } from './wait-condition.js'
import type { PortFacts } from './wait-findings.js'

/** A condition that is true. */
export interface Met {
  /** as it was written */
  condition: string
  /** since when it has been true, as ISO time */
  at: string
  /** the same in seconds since the wait began */
  seconds: number
  /** `ip`: the addresses; `port:N`: the one at which it is open; null for the others */
  addresses: string[] | null
}

export interface LooksOptions {
  connection: Connection
  domain: Domain
  conditions: readonly Condition[]
  /** makes the wait look again */
  wake: () => void
  /** the end of the wait, by performance.now() */
  deadline: number
}

/** What is looked at while a machine is waited for. Dispose of it to give up what it tries meanwhile. */
export class Looks implements AsyncDisposable {
  readonly #options: LooksOptions
  readonly #began = Date.now()
  readonly #met = new Map<Condition, Met>()
  readonly #probes = new Map<Condition, PortProbe>()
  readonly #cloudInit: CloudInitProbe

  /** @throws BayError `wrong-state` when the machine lacks what a condition needs */
  constructor(options: LooksOptions) {
    this.#options = options
    this.#cloudInit = new CloudInitProbe(options.domain, options)
    const { domain, conditions } = options
    if (conditions.some(needsOn)) mustHave(readDomain(domain.xml()), conditions)
    for (const each of conditions) if (each.kind === 'port') this.#probes.set(each, new PortProbe(each.port, options.wake))
  }

  /** All of the conditions once all are true, else undefined. @throws BayError `wrong-state` */
  all(): Met[] | undefined {
    const { conditions } = this.#options
    const scene = new Scene(this.#options)
    scene.mustBeOn(conditions.filter(needsOn))
    for (const condition of conditions) {
      const found = this.#look(condition, scene)
      const before = this.#met.get(condition)
      if (found === undefined) this.#met.delete(condition)
      else this.#met.set(condition, { ...before ?? this.#now(condition), ...found })
    }
    return this.missing().length > 0 ? undefined : conditions.flatMap((each) => this.#met.get(each) ?? [])
  }

  /** What was not true at the last look. */
  missing(): Condition[] {
    return this.#options.conditions.filter((each) => !this.#met.has(each))
  }

  /** Why each address did not take a connection, of the ports that are not open. */
  ports(): PortFacts[] {
    return this.missing().flatMap((each) => each.kind === 'port' ? { port: each.port, failures: this.#probes.get(each)?.failures ?? new Map() } : [])
  }

  /** What cloud-init in the guest last said of itself; null while it has not been heard. */
  get cloudInit(): string | null {
    return this.#cloudInit.said
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const probe of this.#probes.values()) probe[Symbol.dispose]()
    await this.#cloudInit[Symbol.asyncDispose]()
  }

  #look(condition: Condition, scene: Scene): { addresses: string[] | null } | undefined {
    switch (condition.kind) {
      case 'running': case 'off': case 'paused': return scene.state === condition.kind ? { addresses: null } : undefined
      // That was waited for, and finished, before.
      case 'installed': return { addresses: null }
      case 'ip': return scene.addresses.length > 0 ? { addresses: scene.addresses } : undefined
      case 'agent': return scene.description.agentChannel.connected ? { addresses: null } : undefined
      case 'cloud-init': return this.#cloudInit.look(scene.description.agentChannel) ? { addresses: null } : undefined
      case 'port': {
        const open = this.#probes.get(condition)?.look(scene.addresses)
        return open === undefined ? undefined : { addresses: [open] }
      }
    }
  }

  #now({ text }: Condition): Omit<Met, 'addresses'> {
    const now = Date.now()
    return { condition: text, at: new Date(now).toISOString(), seconds: (now - this.#began) / 1000 }
  }
}

/** A machine at the moment of one look; each thing is asked once, when somebody needs it. */
class Scene {
  readonly #connection: Connection
  readonly #domain: Domain
  readonly state: string
  #description: DomainDescription | undefined
  #addresses: string[] | undefined

  constructor({ connection, domain }: Pick<LooksOptions, 'connection' | 'domain'>) {
    this.#connection = connection
    this.#domain = domain
    this.state = stateOf(domain)
  }

  get description(): DomainDescription {
    return this.#description ??= readDomain(this.#domain.xml())
  }

  get addresses(): string[] {
    const ofAll = () => addressesByMac(this.#connection, this.#domain, this.description.nics, { afterReboot: true })
    return this.#addresses ??= [...ofAll().values()].flat().map(({ address }) => address)
  }

  /** A machine that is off gets neither an address nor an agent, unless somebody starts it: waiting on would be in vain. */
  mustBeOn(needing: readonly Condition[]): void {
    if (needing.length === 0 || (this.state !== 'off' && this.state !== 'crashed')) return
    const what = needing.map(({ text }) => text).join(', ')
    throw new BayError('wrong-state', `it is ${this.state}, so waiting for ${what} is in vain`, {
      hints: [sh`bay vm start ${this.#domain.name()}`],
    })
  }
}

function mustHave({ name, nics, agentChannel }: DomainDescription, conditions: readonly Condition[]): void {
  const needs = (...kinds: Condition['kind'][]) => conditions.some(({ kind }) => kinds.includes(kind))
  if (needs('ip', 'port') && nics.length === 0) {
    throw new BayError('wrong-state', `${name} has no network interface, so it will never have an address`)
  }
  if (needs('agent', 'cloud-init') && !agentChannel.present) {
    throw new BayError('wrong-state', `${name} has no channel to a guest agent, so none will ever answer`, {
      hints: [sh`bay vm xml ${name} shows its devices; the channel is named org.qemu.guest_agent.0`],
    })
  }
}

/** A machine without a definition is gone once it is off. */
function stateOf(domain: Domain): string {
  try {
    return domain.state().state
  } catch (error) {
    if (error instanceof VirtError && error.is(failure.noDomain)) return 'off'
    throw error
  }
}
