import * as Args from '@oclif/core/args'
import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { deviceFlags } from '../../attach-flags.js'
import { find } from '../../find.js'
import { nameArg, timeoutFlag } from '../../flags.js'
import { detachDevices, findDevices } from '../../virt/ops/detach-devices.js'
import { placesOf } from '../../virt/ops/device-places.js'
import { lockName } from '../../virt/ops/host-lock.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { journalFor } from '../../virt/ops/journal.js'
import { Rollback } from '../../virt/ops/rollback.js'

export default class VmDetach extends ActionCommand<typeof VmDetach> {
  static override summary = 'Take devices from a virtual machine'
  static override description = 'As it runs and as it will start. A running guest is asked, again while it may still be booting, and waited for; '
    + 'until it lets go nothing is changed. A disk\'s volume stays. To take a disc out of its drive: vm detach cdrom.'

  static override examples = [
    '<%= config.bin %> vm detach web-1 vdb',
    '<%= config.bin %> vm detach web-1 52:54:00:12:34:56 --timeout 2m',
    '<%= config.bin %> vm detach web-1 sda --next-start',
  ]

  static override args = {
    ...nameArg('vm'),
    device: Args.string({ multiple: true, required: true, description: 'a disk\'s target, an interface\'s MAC address, a host device\'s address, or an alias' }),
  }

  static override flags = { ...deviceFlags, timeout: timeoutFlag }

  async run(): Promise<ActionResult> {
    const { timeout = 30_000, 'next-start': nextStart } = this.flags
    return this.actOnOne({ action: 'detach', kind: 'vm' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const found = findDevices(domain, placesOf(domain, { nextStart }), this.args.device ?? [])
      return await interruptible(async (signal): Promise<Outcome> => {
        using journal = journalFor(host, { command: 'vm detach', name })
        await using rollback = new Rollback(signal, journal)
        const devices = await detachDevices(host, domain, found, {
          command: 'vm detach', dryRun: this.dryRun, timeout, signal, rollback, report: (step) => this.step(step),
        })
        const names = devices.map(({ target, mac, source }) => mac ?? target ?? source).join(', ')
        const kept = devices.flatMap(({ kind, source }) => kind === 'disk' && source !== null ? `; ${source} stays` : [])
        return { changed: true, said: `${this.dryRun ? 'would lose' : 'no longer has'} ${names}${kept.join('')}`, devices }
      })
    })
  }
}
