import { UsageError } from '../../errors.js'
import { keepSecrets } from '../../xml/secrets.js'
import { attr, child, textOf } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { redefine, storedDefinition } from './change-definition.js'
import { defineXml, type Defined, type DefineOptions, type Given } from './define.js'

export interface DefineVmOptions extends DefineOptions {
  /** what the history says of it */
  command?: string
}

/**
 * Defines a machine, or redefines the one of that name: under its own UUID and without undefining it, for that would lose
 * NVRAM, autostart and snapshots. What runs goes on as it is until it is stopped.
 */
export async function defineVm(connection: Connection, given: Given, { command = 'vm define', ...options }: DefineVmOptions): Promise<Defined> {
  checkVcpus(given)
  return defineXml<Domain>(given, {
    find: (name) => connection.domain(name),
    define: (xml, old) => {
      if (!old) return connection.defineDomainInBackground(xml)
      return redefine(connection, old, xml, { command, before: storedDefinition(old) })
    },
    uuid: (domain) => domain.uuid(),
    stored: storedDefinition,
    // XML that was printed has no passwords, and giving it back must not take them away.
    carryOver: keepSecrets,
  }, options)
}

const mostVcpus = 4096

/** The schema takes any number, and a number that is absurd ends libvirtd itself, which asks for the memory. */
function checkVcpus({ root, where }: Given): void {
  const vcpu = child(root, 'vcpu')
  for (const text of [textOf(vcpu), attr(vcpu, 'current')]) {
    if (text === undefined) continue
    const count = Number(text.trim())
    if (!Number.isInteger(count) || count < 1 || count > mostVcpus) {
      throw new UsageError(`${where}: <vcpu> is ${text.trim()}, not a number from 1 to ${mostVcpus}`)
    }
  }
}
