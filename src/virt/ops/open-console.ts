import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { hasConsole } from '../../xml/domain-consoles.js'
import type { Domain } from '../domain.js'
import { failure, VirtError } from '../errors.js'
import type { Stream } from '../stream.js'

/**
 * A running machine's serial console, for this run alone.
 * @throws BayError `wrong-state` when it is off or has none, `busy` when somebody else has it
 */
export function openConsole(domain: Domain, { force }: { force: boolean }): Stream {
  const name = domain.name()
  const { state } = domain.state()
  if (!domain.isActive()) throw new BayError('wrong-state', `${name} is ${state}, so nothing is on its console`, { hints: [sh`bay vm start ${name}`] })
  if (!hasConsole(domain.xml())) {
    throw new BayError('wrong-state', `${name} has no serial console`, {
      hints: [sh`machines that bay makes have one; see bay vm xml ${name}: <serial type='pty'/> under <devices>`, sh`bay vm display ${name}, or bay vm screenshot ${name}`],
    })
  }
  try {
    return domain.openConsole({ force })
  } catch (error) {
    // The only thing that libvirt says with this number here.
    if (error instanceof VirtError && error.is(failure.operationFailed)) throw inUse(name, error)
    throw error
  }
}

function inUse(name: string, cause: VirtError): BayError {
  return new BayError('busy', `somebody else has the console of ${name}`, {
    cause, hints: [sh`bay vm console --force ${name} takes it away from them`],
  })
}
