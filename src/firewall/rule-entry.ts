import { formatAddresses, type Addresses, type Family } from './addresses.js'
import type { Place } from './faults.js'
import { icmpType, icmpTypes } from './icmp-types.js'
import { parseShort } from './rule-short.js'
import {
  actions, blank, familiesOf, hasPorts, lastPriority, protocols, states,
  type Direction, type Ports, type Protocol, type Rule, type RuleAction, type State,
} from './rule.js'
import { addressesIn, portsIn, wordsOf, type Sets, type Word } from './rule-values.js'
import { services } from './services.js'
import type { MapTree, Tree } from './yaml-tree.js'

const keys = ['action', 'direction', 'protocol', 'service', 'from', 'to', 'ports', 'source-ports', 'type', 'family', 'state', 'comment', 'priority']

interface Context { sets: Sets, place: Place }

/** The rules of a list; one entry may be several, such as one of two protocols. @throws UsageError at its line */
export function readRules(tree: Tree, context: Context): Rule[] {
  if (tree.kind !== 'list') throw context.place.wrong(tree.line, 'rules is a list of rules', '- service: ssh')
  return tree.items.flatMap((item) => {
    if (item.kind === 'text') return shortRule(item.text, item.line, context.place)
    if (item.kind === 'list') throw context.place.wrong(item.line, 'a rule is lines of KEY: VALUE, not a list')
    return new RuleReader(item, context).rules()
  })
}

/** An accepted service or port, such as `ssh` or `tcp/8080`. */
function shortRule(text: string, line: number, place: Place): Rule[] {
  const parsed = parseShort(text)
  if ('fault' in parsed) throw place.wrong(line, `"${text}" ${parsed.fault}`, parsed.hint)
  return parsed.map(({ protocol, ports }) => ({ ...blank, line, protocol, ports, family: familyOf(protocol) }))
}

class RuleReader {
  readonly #tree: MapTree
  readonly #context: Context

  constructor(tree: MapTree, context: Context) {
    this.#tree = tree
    this.#context = context
  }

  rules(): Rule[] {
    const { entries, line } = this.#tree
    if (entries.size === 0) throw this.#wrong(line, 'the rule says nothing', 'service: ssh')
    for (const [key, at] of entries) {
      if (!keys.includes(key)) throw this.#wrong(at.line, `unknown key "${key}" in a rule`, `known are ${keys.join(', ')}`)
    }
    const base = {
      ...blank, line, action: this.#action(), source: this.#addresses('from'), destination: this.#addresses('to'),
      sourcePorts: this.#ports('source-ports'), states: this.#states(), comment: this.#comment(), priority: this.#priority(),
    }
    const directions = this.#directions(base)
    return this.#matches().flatMap(({ protocol, ports }) => {
      const rule = { ...base, protocol, ports, family: this.#family(protocol, base), types: this.#types(protocol) }
      this.#check(rule)
      return directions.map((direction) => ({ ...rule, direction }))
    })
  }

  #action(): RuleAction {
    return this.#oneOf('action', actions) ?? 'accept'
  }

  #directions({ source, destination }: Pick<Rule, 'source' | 'destination'>): Direction[] {
    const given = this.#oneOf('direction', ['in', 'out', 'both'])
    if (given !== 'both') return [given ?? 'in']
    if (source.length + destination.length > 0) {
      throw this.#wrong(this.#lineOf('direction'), 'from and to mean one direction', 'write two rules, one in and one out')
    }
    return ['in', 'out']
  }

  /** The protocols and their ports, from `service`, or from `protocol` and `ports`. */
  #matches(): { protocol: Protocol, ports: readonly Ports[] }[] {
    const names = this.#words('service')
    if (names.length === 0) {
      const ports = this.#ports('ports')
      const given = this.#words('protocol').map((word) => this.#pick('protocol', word, protocols))
      return (given.length > 0 ? given : ['any' as const]).map((protocol) => ({ protocol, ports }))
    }
    const beside = ['protocol', 'ports'].find((key) => this.#tree.entries.has(key))
    if (beside !== undefined) throw this.#wrong(this.#lineOf(beside), `a service has its own ${beside}`, `leave out service or ${beside}`)
    return names.flatMap(({ text, line }) => {
      const service = Object.hasOwn(services, text) ? services[text] : undefined
      if (!service) throw this.#wrong(line, `there is no service "${text}"`, `protocol: tcp and ports: 8080, or one of ${Object.keys(services).join(', ')}`)
      return service.protocols.map((protocol) => ({ protocol, ports: service.ports }))
    })
  }

  #family(protocol: Protocol, { source, destination }: Pick<Rule, 'source' | 'destination'>): Family | null {
    const given = this.#oneOf('family', ['ipv4', 'ipv6']) ?? null
    const own = familyOf(protocol)
    if (given !== null && own !== null && given !== own) throw this.#wrong(this.#lineOf('family'), `${protocol} is of ${own}, not of ${given}`)
    const family = given ?? own
    if (protocol === 'arp') return null
    const has = (list: readonly Addresses[], one: Family) => list.length === 0 || list.some((each) => each.family === one)
    const possible = familiesOf({ family, protocol }).filter((each) => has(source, each) && has(destination, each))
    if (possible.length > 0) return possible.length === 1 ? possible[0] ?? null : family
    const [key, list] = source.length > 0 && !source.some((one) => one.family === family) ? ['from', source] as const : ['to', destination] as const
    const what = family === null ? 'from and to are of different families' : `${key}: ${list[0] ? formatAddresses(list[0]) : ''} is not of ${given === null ? `${protocol}'s family, ` : ''}${family}`
    throw this.#wrong(this.#lineOf(key), what)
  }

  #check({ protocol, ports, sourcePorts, action, states, source, destination }: Rule): void {
    const key = ports.length > 0 ? 'ports' : sourcePorts.length > 0 ? 'source-ports' : null
    if (key !== null && !hasPorts(protocol)) throw this.#wrong(this.#lineOf(key), `${protocol} has no ports`, 'protocol: tcp, udp or sctp')
    if (protocol !== 'arp') return
    if (action === 'reject') throw this.#wrong(this.#lineOf('action'), 'arp cannot be rejected', 'action: drop')
    if (states) throw this.#wrong(this.#lineOf('state'), 'arp has no connections, so no state')
    const wrong = [['from', source], ['to', destination]] as const
    for (const [name, list] of wrong) {
      if (list.some(({ family }) => family === 'ipv6')) throw this.#wrong(this.#lineOf(name), 'arp is of IPv4: IPv6 has icmpv6')
      if (list.some(({ first, last }) => first !== last)) throw this.#wrong(this.#lineOf(name), 'arp takes single addresses, no networks and no ranges')
    }
  }

  #types(protocol: Protocol): number[] {
    const words = this.#words('type')
    if (words.length === 0) return []
    if (protocol !== 'icmp' && protocol !== 'icmpv6') throw this.#wrong(this.#lineOf('type'), `${protocol} has no types`, 'protocol: icmp or icmpv6')
    return words.map(({ text, line }) => {
      const type = icmpType(protocol, text)
      if (type === undefined) throw this.#wrong(line, `${protocol} has no type "${text}"`, `0 to 255, or ${Object.keys(icmpTypes[protocol]).join(', ')}`)
      return type
    })
  }

  #states(): State[] | null {
    const words = this.#words('state')
    if (words.length === 0) return null
    const found = words.map((word) => this.#pick('state', word, states))
    const twice = found.find((each, index) => found.indexOf(each) < index)
    if (twice) throw this.#wrong(this.#lineOf('state'), `state: ${twice} stands there twice`)
    return found
  }

  #priority(): number | null {
    const [word, ...more] = this.#words('priority')
    if (!word) return null
    if (more.length === 0 && /^[0-9]{1,4}$/.test(word.text) && Number(word.text) >= 1 && Number(word.text) <= lastPriority) return Number(word.text)
    throw this.#wrong(word.line, `priority is a whole number from 1 to ${lastPriority}, not ${more.length > 0 ? 'a list' : word.text}`, 'a low one comes first')
  }

  #comment(): string | null {
    const value = this.#tree.entries.get('comment')?.value
    if (!value) return null
    if (value.kind !== 'text' || value.text === '') throw this.#wrong(value.line, 'comment is a text', 'leave the key out')
    const { text } = value
    const length = Buffer.byteLength(text)
    if (length > longestComment) throw this.#wrong(value.line, `the comment has ${length} bytes; ${longestComment} fit`)
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text) || text.startsWith('bay:')) throw this.#wrong(value.line, 'a comment has no control characters, and does not begin with bay:')
    return text
  }

  #addresses(key: string): Addresses[] {
    return addressesIn(this.#words(key), key, this.#context)
  }

  #ports(key: string): Ports[] {
    return portsIn(this.#words(key), key, this.#context)
  }

  #words(key: string): Word[] {
    const entry = this.#tree.entries.get(key)
    return entry ? wordsOf(entry.value, key, this.#context.place) : []
  }

  #oneOf<T extends string>(key: string, known: readonly T[]): T | undefined {
    const [word, ...more] = this.#words(key)
    if (more.length > 0) throw this.#wrong(this.#lineOf(key), `${key} is one of ${known.join(', ')}, not a list`)
    return word && this.#pick(key, word, known)
  }

  #pick<T extends string>(key: string, { text, line }: Word, known: readonly T[]): T {
    const found = known.find((each) => each === text)
    if (!found) throw this.#wrong(line, `${key} is one of ${known.join(', ')}, not "${text}"`, `${key}: ${known[0] ?? ''}`)
    return found
  }

  #lineOf(key: string): number {
    return this.#tree.entries.get(key)?.line ?? this.#tree.line
  }

  #wrong(line: number, what: string, ...hints: (string | undefined)[]): Error {
    return this.#context.place.wrong(line, what, ...hints)
  }
}

/** As much as the packet filter keeps, less what is put in front. */
const longestComment = 200

function familyOf(protocol: Protocol): Family | null {
  return protocol === 'icmp' ? 'ipv4' : protocol === 'icmpv6' ? 'ipv6' : null
}
