import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { Vlans } from './bridge/plan-attach.js'
import { UsageError } from './errors.js'
import { durationFlag } from './flags.js'

export const bridgeArg = Args.string({ required: true, description: 'the bridge\'s name' })
export const portArg = Args.string({ required: true, description: 'the network interface, such as eth0' })

/** What changes take that may cut off whoever makes them. */
export const confirmFlags = {
  'confirm-within': durationFlag({
    helpValue: 'TIME', exclusive: ['confirm'],
    description: 'undo it all after this time, such as 30s, unless it is confirmed: at the question, or by the same command with --confirm',
  }),
  'confirm': Flags.boolean({ description: 'keep what an earlier run with --confirm-within has done' }),
}

export const persistFlag = Flags.boolean({
  description: 'also from the next boot on: in netplan, NetworkManager, systemd-networkd or ifupdown, whichever this system uses',
})

/** The VLANs that were said: `10` and `20,30-40`. @throws UsageError */
export function vlansOf({ vlan, trunk }: { vlan?: number, trunk?: string }): Vlans {
  const tagged = trunk?.split(',') ?? []
  for (const each of tagged) {
    const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(each) ?? []
    if (first === '' || Number(first) < 1 || Number(last) > 4094 || Number(first) > Number(last)) {
      throw new UsageError(`--trunk: "${each.slice(0, 40)}" is no VLAN, nor a range of them`, 'VLANs are 1 to 4094, for example --trunk 10,20-30')
    }
    if (vlan !== undefined && Number(first) <= vlan && vlan <= Number(last)) throw new UsageError(`the VLAN ${vlan} is both --vlan and in --trunk`, 'leave it out of one of them')
  }
  return { untagged: vlan ?? null, tagged }
}
