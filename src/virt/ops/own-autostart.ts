import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { isInProcess } from './in-process.js'
import { disown } from './journal-dead.js'

/** Who has decided whether a machine starts with its host overrules what a dead run wrote down about it. */
export async function ownAutostart(connection: Connection, domain: Domain): Promise<void> {
  if (isInProcess(connection.uri())) return
  const uuid = domain.uuid()
  await disown(({ undo }) => undo.kind === 'changed-autostart' && undo.uuid === uuid)
}
