import type { Command } from '@oclif/core/command'
import { ActionCommand, type ActionResult } from './action.js'
import { saidOfDevices } from './attach-flags.js'
import { find } from './find.js'
import { attachHostDevice, type HostDeviceWanted } from './virt/ops/attach-host-device.js'
import { lockName } from './virt/ops/host-lock.js'
import { interruptible } from './virt/ops/interrupt.js'

interface HostDeviceFlags { 'next-start'?: boolean, 'force'?: boolean }

/** A command that gives a machine devices of its host. */
export abstract class HostDeviceCommand<C extends typeof Command> extends ActionCommand<C> {
  protected attachTo(machine: string, wanted: HostDeviceWanted): Promise<ActionResult> {
    const { 'next-start': nextStart = false, force = false } = this.flags as HostDeviceFlags
    return this.actOnOne({ action: 'attach', kind: 'vm' }, machine, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const { notes, ...attached } = await interruptible((signal) => attachHostDevice(host, domain, wanted, {
        nextStart, dryRun: this.dryRun, force, signal,
      }))
      if (attached.changed) for (const note of notes) this.note(`bay: ${note}`)
      return { ...attached, said: saidOfDevices(attached, { dryRun: this.dryRun }) }
    })
  }
}
