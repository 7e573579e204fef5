import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { displayAddress, type VmDisplay } from './display-address.js'

/**
 * How to reach the displays of a running machine.
 * @throws BayError `wrong-state` when it is off, `not-found` when it has none
 */
export function displaysOf(connection: Connection, domain: Domain): VmDisplay[] {
  const name = domain.name()
  if (!domain.isActive()) {
    throw new BayError('wrong-state', `${name} is off, so its display is nowhere`, { hints: [sh`bay vm start ${name}`] })
  }
  const { graphics } = readDomain(domain.xml())
  if (graphics.length === 0) throw noDisplay(name)
  const local = connection.isLocal()
  const place = { uri: connection.uri(), hostname: connection.hostname(), local }
  return graphics.map((each) => displayAddress(each, place))
}

export function noDisplay(name: string, { from = '' } = {}): BayError {
  return new BayError('not-found', `${name} has no display${from}`, { hints: [sh`bay vm show ${name}`, 'bay vm create has --graphics vnc'] })
}
