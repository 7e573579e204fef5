import { UsageError } from '../errors.js'
import { parseAddresses, type Addresses } from './addresses.js'
import { hasPorts, protocols, type Ports, type Protocol, type Rule } from './rule.js'
import { parsePorts } from './rule-values.js'
import { services } from './services.js'

/** What a short rule names. */
export interface Match { protocol: Protocol, ports: readonly Ports[] }

/** Reads `ssh`, `tcp/8080`, `udp/6000-6100`, `icmp` or `any`. */
export function parseShort(text: string): Match[] | { fault: string, hint?: string } {
  const [name = '', ports, ...more] = text.split('/')
  const service = Object.hasOwn(services, name) ? services[name] : undefined
  if (service && ports === undefined) return service.protocols.map((protocol) => ({ protocol, ports: service.ports }))
  const protocol = protocols.find((each) => each === name)
  if (!protocol || more.length > 0) return { fault: 'is no service and no port', hint: 'ssh, https, tcp/8080, udp/6000-6100, icmp, any' }
  if (ports === undefined) return [{ protocol, ports: [] }]
  if (!hasPorts(protocol)) return { fault: `has ports, and ${protocol} has none` }
  const parsed = parsePorts(ports)
  return 'fault' in parsed ? parsed : [{ protocol, ports: [parsed] }]
}

/** What the flags of `filter create` say, as they were typed. */
export interface RuleFlags {
  'allow'?: readonly string[]
  'allow-from'?: readonly string[]
  'allow-to'?: readonly string[]
}

/** The rules of a command line, all of them accepting. @throws UsageError that names the flag and the word */
export function rulesOfFlags(flags: RuleFlags, blank: Rule): Rule[] {
  return [
    ...(flags.allow ?? []).flatMap((text) => made(`--allow ${text}`, text, blank)),
    ...(flags['allow-from'] ?? []).flatMap((text) => {
      const [addresses, what] = split(`--allow-from ${text}`, text)
      return made(`--allow-from ${text}`, what, { ...blank, source: [addresses], family: addresses.family })
    }),
    ...(flags['allow-to'] ?? []).flatMap((text) => {
      const [addresses, what] = split(`--allow-to ${text}`, text)
      return made(`--allow-to ${text}`, what, { ...blank, direction: 'out', destination: [addresses], family: addresses.family })
    }),
  ]
}

function made(flag: string, text: string, rule: Rule): Rule[] {
  const parsed = parseShort(text)
  if ('fault' in parsed) throw new UsageError(`${flag}: "${text}" ${parsed.fault}`, ...parsed.hint === undefined ? [] : [parsed.hint])
  return parsed.map(({ protocol, ports }) => {
    const own = protocol === 'icmp' ? 'ipv4' : protocol === 'icmpv6' ? 'ipv6' : null
    if (own && rule.family && own !== rule.family) throw new UsageError(`${flag}: ${protocol} is of ${own}, and the address of ${rule.family}`)
    if (protocol === 'arp' && rule.family !== null) throw new UsageError(`${flag}: arp is given without an address`)
    return { ...rule, protocol, ports, family: rule.family ?? own }
  })
}

/** `10.0.0.0/8:tcp/22`; an IPv6 address has colons of its own, what follows has none. */
function split(flag: string, text: string): [Addresses, string] {
  const at = text.lastIndexOf(':')
  if (at <= 0 || at === text.length - 1) throw new UsageError(`${flag}: it has no address and no port`, '10.0.0.0/8:tcp/22', '2001:db8::/32:ssh')
  const parsed = parseAddresses(text.slice(0, at))
  if ('fault' in parsed) throw new UsageError(`${flag}: ${text.slice(0, at)} ${parsed.fault}`, ...parsed.hint === undefined ? [] : [parsed.hint])
  return [parsed, text.slice(at + 1)]
}
