import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError } from '../../errors.js'
import { namesOf } from '../../find.js'
import { bringUpFlags, changeFlags, ifMissingFlag, nameArg } from '../../flags.js'
import { checkName } from '../../names.js'
import { newNetwork } from '../../net-flags.js'
import { createNetwork } from '../../virt/ops/create-network.js'
import { sh } from '../../shell.js'

export default class NetCreate extends ActionCommand<typeof NetCreate> {
  static override summary = 'Create a network'
  static override description = 'Defines it, sets it to start with its host and starts it; when a step fails, nothing stays. The host has the '
    + 'first address, which is the guests\' gateway, and DHCP gives away the others. With --ipv6 alone there is no IPv4.'

  static override examples = [
    '<%= config.bin %> net create lab --subnet auto',
    '<%= config.bin %> net create lab --subnet 10.20.0.0/24 --domain lab.example --dhcp 10.20.0.100-10.20.0.199',
    '<%= config.bin %> net create inner --subnet 10.30.0.0/24 --mode isolated --no-autostart',
    '<%= config.bin %> net create shop --subnet auto --dns db=192.168.100.5 --isolate-guests',
    '<%= config.bin %> net create office --mode bridge=br0',
    '<%= config.bin %> net create wire --mode macvtap=eth0',
  ]

  static override args = nameArg('net')
  static override flags = {
    ...changeFlags, ...bringUpFlags,
    'subnet': Flags.string({ helpValue: 'NET/BITS|auto', description: 'its IPv4 subnet, such as 10.20.0.0/24; auto takes a free one' }),
    'mode': Flags.string({
      helpValue: 'nat|route|isolated|open|bridge=BR|macvtap=DEV', default: 'nat',
      description: 'the way out: translated, routed, none, routed without firewall rules, an existing bridge of the host, or a device of '
        + 'the host, past the host itself',
    }),
    'bridge': Flags.string({ helpValue: 'NAME', description: 'the name of its bridge (default: a free virbrN)' }),
    'dhcp': Flags.string({ helpValue: 'A-B', description: 'the addresses to give away (default: all but the gateway)', exclusive: ['no-dhcp'] }),
    'no-dhcp': Flags.boolean({ description: 'give no addresses away' }),
    'domain': Flags.string({ helpValue: 'NAME', description: 'the DNS domain of its guests' }),
    'dns': Flags.string({
      multiple: true, multipleNonGreedy: true, helpValue: 'NAME=ADDR', description: 'a name that its DNS server knows, for an IPv4 or IPv6 address; repeatable',
    }),
    'ipv6': Flags.string({ helpValue: 'NET/64', description: 'an IPv6 prefix too, such as fd00:20::/64' }),
    'mtu': Flags.integer({ min: 68, max: 65535, helpValue: 'N', description: 'the largest packet, in bytes' }),
    'isolate-guests': Flags.boolean({ description: 'keep its guests from one another; the host and what is beyond they reach' }),
    'if-missing': ifMissingFlag,
  }

  async run(): Promise<ActionResult> {
    const wanted = newNetwork(checkName('net', this.args.name), this.flags)
    return this.actOnOne({ action: 'create', kind: 'net' }, wanted.name, async (name, host) => {
      if (!namesOf.net(host).includes(name)) {
        const made = await createNetwork(host, wanted, { dryRun: this.dryRun })
        for (const note of made.notes) this.note(`bay: ${note}`)
        return { ...made }
      }
      if (this.flags['if-missing']) return { changed: false, said: 'exists already' }
      throw new BayError('exists', `there is a network ${name} already`, { hints: [sh`bay net show ${name}`, 'give another name, or --if-missing'] })
    })
  }
}
