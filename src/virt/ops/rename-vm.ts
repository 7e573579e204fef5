import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { storedDefinition } from './change-definition.js'
import { recordChange } from './history.js'

/** Renames a machine that is off. Whoever calls has its old name for itself. @throws VirtError when libvirt refuses it */
export function renameVm(connection: Connection, domain: Domain, newName: string): void {
  using record = recordChange(connection, domain, { command: 'vm rename', before: storedDefinition(domain) })
  domain.rename(newName)
  record.keep(storedDefinition(domain))
}
