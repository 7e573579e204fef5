import * as Flags from '@oclif/core/flags'
import ipaddr from 'ipaddr.js'
import { UsageError } from './errors.js'
import type { NewAddress, NewVmSource } from './virt/ops/new-vm.js'

/** The address of a machine's first interface. */
export const addressFlags = {
  ip: Flags.string({
    helpValue: 'A[/PREFIX]',
    description: 'the first interface\'s IPv4 address: reserved in its network; with the prefix an image\'s cloud-init sets it too',
  }),
  gateway: Flags.string({ helpValue: 'A', description: 'the guest\'s way out, where the network does not say it', dependsOn: ['ip'] }),
  dns: Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'A', description: 'its name server, where the network does not say it; repeatable', dependsOn: ['ip'] }),
}

interface AddressFlagValues { ip?: string, gateway?: string, dns?: string[] }

/** What was said of the address. @throws UsageError for what is no IPv4 address */
export function addressFrom({ ip, gateway, dns }: AddressFlagValues): NewAddress | undefined {
  if (ip === undefined) return undefined
  const [text = '', bits, ...rest] = ip.split('/')
  const address = ipv4('--ip', text, ip)
  if (rest.length > 0 || (bits !== undefined && !/^(?:[1-9]|[12]\d|3[012])$/.test(bits))) {
    throw new UsageError(`--ip ${JSON.stringify(ip)}: the prefix is a number from 1 to 32`, `write --ip ${address}/24`)
  }
  return {
    address, prefix: bits === undefined ? undefined : Number(bits),
    gateway: gateway === undefined ? undefined : ipv4('--gateway', gateway),
    dns: dns?.map((each) => ipv4('--dns', each)),
  }
}

/** Whether the guest itself is to be told, by cloud-init; elsewhere than in an image a prefix only confirms the network's. */
export function tellsGuest({ ip, gateway, dns }: AddressFlagValues, { kind }: Pick<NewVmSource, 'kind'>): boolean {
  return (kind === 'image' && ip?.includes('/') === true) || gateway !== undefined || dns !== undefined
}

/** In the usual spelling only: 10.1 and 010.0.0.1 mean one thing here and another there. */
function ipv4(flag: string, text: string, whole = text): string {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text
  if (ipaddr.IPv6.isValid(text)) {
    throw new UsageError(`${flag} ${whole} is IPv6, and libvirt reserves no IPv6 address for a card`, 'give an IPv4 address', 'IPv6 in the guest: --user-data, or router advertisements')
  }
  throw new UsageError(`${flag} ${JSON.stringify(whole)} is no IPv4 address`, `write ${flag} 10.20.0.5${flag === '--ip' ? ' or 10.20.0.5/24' : ''}`)
}
