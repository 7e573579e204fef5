import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { find } from '../../find.js'
import { manyFlags } from '../../flags.js'
import { networkKeys, readNetworkWords } from '../../net-set-keys.js'
import { saidOfNetworkSet } from '../../net-set-said.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { setNetwork } from '../../virt/ops/set-network.js'

export default class NetSet extends ActionCommand<typeof NetSet> {
  static override summary = 'Change networks: DHCP range, DNS records, domain, MTU and more'
  static override description = 'The DHCP range and DNS records of a running network change at once, as it runs and as it is stored. The rest needs a '
    + 'restart of the network, and says so, with the machines that it would cut off; --restart does it and connects them again. An empty value '
    + 'removes what can be removed.\n\nKeys: '
    + `${Object.entries(networkKeys).map(([key, { value }]) => `${key}=${value}`).join(', ')}, dns.NAME=ADDR.`

  static override examples = [
    '<%= config.bin %> net set lab dhcp=10.20.0.100-10.20.0.199 dns.db=10.20.0.5',
    '<%= config.bin %> net set lab dns.db=',
    '<%= config.bin %> net set lab mtu=9000 domain=lab.example --restart',
  ]

  static override args = { name: Args.string({ multiple: true, description: 'network names or globs, and KEY=VALUE for what is to be changed' }) }
  static override flags = {
    ...manyFlags,
    restart: Flags.boolean({ description: 'stop and start a running network when something needs that, and connect its running machines again' }),
  }

  async run(): Promise<ActionResult | ActionResult[]> {
    const { names, wanted } = readNetworkWords(this.args.name ?? [])
    const { dryRun, flags: { restart } } = this
    return this.act({ action: 'set', kind: 'net', names }, async (name, host) => {
      using _lock = dryRun ? null : await lockName(host.uri(), 'net', name)
      using network = find.net(host, name)
      const result = await setNetwork(host, network, wanted, { dryRun, restart, report: (step) => this.step(`${name}: ${step}`) })
      for (const note of result.notes) this.note(`bay: ${note}`)
      return { said: saidOfNetworkSet(result, { dryRun }), ...result }
    })
  }
}
