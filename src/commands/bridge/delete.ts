import * as Args from '@oclif/core/args'
import type { ActionResult } from '../../action.js'
import { readLinks } from '../../bridge/host-state.js'
import { planDelete } from '../../bridge/plan-delete.js'
import { changeBridges } from '../../bridge-change.js'
import { BridgeCommand } from '../../bridge-command.js'
import { persistFlag } from '../../bridge-flags.js'
import { persistence } from '../../bridge-persist.js'
import { manyFlags } from '../../flags.js'
import { bridgeUsers } from '../../virt/ops/bridge-use.js'

export default class BridgeDelete extends BridgeCommand<typeof BridgeDelete> {
  static override summary = 'Delete bridges of this system'
  static override description = 'Refuses while a bridge has ports, belongs to a network of libvirt\'s, or is used by a machine, and names them.'
  static override examples = [
    '<%= config.bin %> bridge delete br0',
    "<%= config.bin %> bridge delete --yes 'test-*'",
  ]

  static override args = { name: Args.string({ multiple: true, description: 'bridge names; globs such as \'test-*\' work in quotes' }) }
  static override flags = { ...manyFlags, persist: persistFlag }

  async run(): Promise<ActionResult | ActionResult[]> {
    const names = this.args.name ?? []
    const host = await this.libvirt()
    const links = await readLinks()
    await this.confirm(`delete ${this.flags.all ? 'all bridges' : names.join(', ')}?`)
    const available = links.flatMap((each) => each.bridge ? [each.name] : [])
    const persist = this.flags.persist
    return this.actHere({ action: 'delete', kind: 'bridge', names, available }, async (name) => {
      const plan = async () => planDelete(await readLinks(), name, host === null ? null : bridgeUsers(host, name))
      if (this.dryRun) await plan()
      const made = this.dryRun ? null : await changeBridges(name, plan, { persist: persist ? () => persistence(name, []) : null })
      return { changed: true, said: this.dryRun ? 'would be deleted' : 'deleted', files: made?.kept?.files ?? [] }
    })
  }
}
