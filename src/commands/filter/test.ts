import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { macFlag } from '../../filter-flags.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { escapeControl } from '../../output/escape.js'
import { guestModel } from '../../virt/ops/filter-model.js'
import { testConnection, type Decision, type TestedConnection } from '../../virt/ops/test-packet.js'

export default class FilterTest extends BaseCommand<typeof FilterTest> {
  static override summary = 'Tell whether a machine\'s filters let a connection through'
  static override description = 'Works out what libvirt\'s rules do with its first packet and with what answers it, and which rule decides; nothing is sent. '
    + 'Ends with 0 when it is let through and with 3 when it is not, or with --expect with 3 when it is otherwise.'

  static override examples = [
    '<%= config.bin %> filter test web-1 --from 10.0.0.9 --proto tcp --port 443',
    '<%= config.bin %> filter test web-1 --out --to 198.51.100.7 --proto tcp --port 25 --expect drop',
    '<%= config.bin %> filter test web-1 --from 10.0.0.9 --proto icmp --via host',
  ]

  static override args = nameArg('vm')
  static override flags = {
    'from': Flags.string({ helpValue: 'ADDR', description: 'where it comes from' }),
    'to': Flags.string({ helpValue: 'ADDR', description: 'where it goes (default: the guest\'s address)' }),
    'proto': Flags.string({ required: true, helpValue: 'NAME', description: 'tcp, udp, icmp, icmpv6, sctp, arp …' }),
    'port': Flags.integer({ min: 1, max: 65535, helpValue: 'N', description: 'the port that it goes to' }),
    'source-port': Flags.integer({ min: 1, max: 65535, helpValue: 'N', description: 'the port that it comes from (default: a high one)' }),
    'type': Flags.string({ helpValue: 'TYPE', description: 'of ICMP (default: echo-request)' }),
    'in': Flags.boolean({ description: 'it is opened from outside', exclusive: ['out'] }),
    'out': Flags.boolean({ description: 'the guest opens it' }),
    'via': Flags.option({
      options: ['bridged', 'routed', 'host'] as const, default: 'bridged', description: 'the other end: on the same bridge, routed by the host, or the host itself',
    })(),
    'state': Flags.option({
      options: ['new', 'established', 'related', 'invalid'] as const, default: 'new', description: 'what it is for the kernel\'s table of connections',
    })(),
    'source-mac': macFlag({ helpValue: 'MAC', description: 'the MAC address that it comes from' }),
    'nic': macFlag({ helpValue: 'MAC', description: 'the interface (default: the only one)' }),
    'expect': Flags.option({ options: ['accept', 'drop'] as const, description: 'fail, with 3, unless this becomes of it' })(),
  }

  async run(): Promise<TestedConnection & { vm: string }> {
    const { from, to, proto, port, 'source-port': sourcePort, type, via, state, 'source-mac': sourceMac, nic, expect } = this.flags
    const direction = this.flags.in ? 'in' : this.flags.out ? 'out' : undefined
    const host = await this.look()
    using domain = find.vm(host, this.args.name)
    const tested = testConnection(guestModel(host, domain, { mac: nic }), {
      from, to, protocol: proto, port, sourcePort, type, direction, via, sourceMac, state,
    })
    if (tested.verdict !== (expect ?? 'accept')) this.endWith('differences')
    return await this.showValue({ vm: this.args.name, ...tested }, said(tested))
  }
}

function said({ verdict, decidedBy, answer }: TestedConnection): string {
  const where = ({ filter, rule, text }: Decision) => escapeControl(filter === null ? text : `${text} (filter ${filter}, rule ${rule})`)
  const rest = answer ? `answer ${answer.verdict}: ${where(answer)}\n` : ''
  return `${verdict}\n${answer ? 'first packet accept' : `first packet ${verdict}`}: ${where(decidedBy)}\n${rest}`
}
