import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { NetworkFilter } from '../filter.js'
import { describeFilter } from './list-filters.js'

/** Removes a network filter. @throws BayError wrong-state, which names the machines or filters that need it */
export function deleteFilter(
  connection: Connection, filter: NetworkFilter, { dryRun }: { dryRun: boolean },
): { changed: true, said: string } {
  const { name, usedBy, referencedBy } = describeFilter(connection, filter)
  if (usedBy.length > 0) {
    const machines = [...new Set(usedBy.map(({ vm }) => vm))]
    throw new BayError('wrong-state', `machines use the filter ${name}: ${machines.join(', ')}`, {
      hints: [sh`take it off them first: bay filter remove ${name} ${machines.slice(0, 10)}`],
    })
  }
  if (referencedBy.length > 0) {
    throw new BayError('wrong-state', `filters include the filter ${name}: ${referencedBy.join(', ')}`, { hints: ['delete those first, or take it out of them'] })
  }
  if (!dryRun) filter.undefine()
  return { changed: true, said: dryRun ? 'would be deleted' : 'deleted' }
}
