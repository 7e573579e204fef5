import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import { refuseProtected } from './protect-vm.js'

/** A change of state that libvirt makes in one call: from which states it can be made, and which it leads to. */
interface Switch {
  from: readonly string[]
  /** states in which there is nothing to do */
  already: readonly string[]
  said: string
  would: string
  /** whether a machine can be guarded against it */
  stops?: boolean
  run: (domain: Domain, state: string) => void | Promise<void>
}

const on = ['running', 'blocked', 'none']

export const switches = {
  suspend: { from: on, already: ['paused'], said: 'paused', would: 'be paused', run: (domain) => domain.suspend() },
  resume: {
    from: ['paused', 'suspended'], already: on, said: 'runs on', would: 'run on',
    run: (domain, state) => state === 'suspended' ? domain.wakeUp() : domain.resume(),
  },
  save: {
    from: [...on, 'paused'], already: ['saved'], said: 'saved and off', would: 'be saved and off', stops: true,
    run: (domain) => domain.save(),
  },
  reset: { from: [...on, 'paused'], already: [], said: 'reset', would: 'be reset', run: (domain) => domain.reset() },
} satisfies Record<string, Switch>

/** Makes the change, or finds that there is nothing to do. @throws BayError `wrong-state` */
export async function switchState(
  domain: Domain, { from, already, said, would, stops, run }: Switch, { dryRun }: { dryRun: boolean },
): Promise<{ changed: boolean, said: string, from: string }> {
  const { state: now } = domain.state()
  const state = now === 'off' && domain.hasSavedState() ? 'saved' : now
  if (already.includes(state)) return { changed: false, said: `already ${state}`, from: state }
  if (!from.includes(state)) throw new BayError('wrong-state', `${domain.name()} is ${state}`, { hints: [sh`bay vm start ${domain.name()}`] })
  if (stops) refuseProtected(domain, 'stop')
  if (dryRun) return { changed: true, said: `would ${would}`, from: state }
  await run(domain, state)
  return { changed: true, said, from: state }
}
