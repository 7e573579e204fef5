import { randomUUID } from 'node:crypto'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { start } from '../flags.js'
import { storedDefinition } from './change-definition.js'
import { commitLayer, helperName, helperXml, type Merge, type MergeReport } from './commit-layer.js'
import { journalFor } from './journal.js'
import { putBase } from './put-base.js'
import { Rollback } from './rollback.js'

/**
 * Moves what a layer of a machine's disk holds into the file right below it, of which the machine, or the layer above, then makes
 * use. QEMU does it, so it works on every host: that of the machine while it runs, else one of its own that has the disk, and
 * never runs anything.
 * @throws the signal's reason; VirtError. The machine is whole then, and the same again finishes it.
 */
export async function mergeLayer(connection: Connection, domain: Domain, merge: Merge, report: MergeReport): Promise<void> {
  if (domain.isActive()) return commitLayer(domain, merge, report)
  const before = storedDefinition(domain)
  const uuid = randomUUID()
  const name = helperName(uuid)
  using journal = journalFor(connection, { command: 'snapshot delete', name: domain.name() })
  {
    // It goes whatever comes of it.
    await using rollback = new Rollback(undefined, journal)
    using worker = await rollback.make(connection, { kind: 'running', uuid, name },
      () => connection.startAs(helperXml(before, merge.target, { uuid, name }), start.paused))
    await commitLayer(worker, merge, report)
  }
  putBase(connection, domain, merge, 'snapshot delete')
}
