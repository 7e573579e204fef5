import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { freeBridge, freePrefix, freeSubnet, type Taken } from './free-network.js'
import { showSubnet, type Subnet } from './network-subnet.js'

/** Lines for a shell that give networks what is free, to none what another one was advised to take. */
export class NetworkFixes {
  readonly taken: Taken
  readonly #advised = new Map<string, string>()
  readonly #subnets: Subnet[]
  readonly #bridges: string[]

  constructor(taken: Taken) {
    this.#subnets = [...taken.subnets]
    this.#bridges = [...taken.bridges]
    this.taken = { ...taken, subnets: this.#subnets, bridges: this.#bridges }
  }

  subnet(network: string, family: Subnet['family']): string {
    return this.#once(`${family} ${network}`, () => sh`bay net set --restart ${network} ${this.#free(family)}`)
  }

  bridge(network: string): string {
    return this.#once(`bridge ${network}`, () => {
      const bridge = freeBridge(this.taken)
      this.#bridges.push(bridge)
      return sh`bay net set ${network} bridge=${bridge}`
    })
  }

  #free(family: Subnet['family']): string {
    const key = family === 'ipv4' ? 'subnet' : 'ipv6'
    try {
      const subnet = family === 'ipv4' ? freeSubnet(this.taken) : freePrefix(this.taken)
      this.#subnets.push(subnet)
      return `${key}=${showSubnet(subnet)}`
    } catch (error) {
      if (!(error instanceof BayError)) throw error
      // None is free of those that bay takes by itself.
      return `${key}=NET/BITS`
    }
  }

  #once(key: string, make: () => string): string {
    const line = this.#advised.get(key) ?? make()
    this.#advised.set(key, line)
    return line
  }
}
