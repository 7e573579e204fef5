import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { changeDefinition } from './change-definition.js'
import type { Merge } from './commit-layer.js'
import { formatOfBase, move } from './move-references.js'

/** Lets a machine that is off go on with the file that a layer was merged into, in the format that it had for the layer. */
export function putBase(connection: Connection, domain: Domain, merge: Omit<Merge, 'target'>, command: string): void {
  const format = formatOfBase(connection, merge)
  changeDefinition(connection, domain, (root) => { move(root, { ...merge, format }) }, { command, dryRun: false })
}
