import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import type { Made } from './undo-kind.js'

/** What is true of a machine that a run has made or changed; false when it is gone. */
export function askMade(connection: Connection, { uuid }: Made, question: (domain: Domain) => boolean): boolean {
  const answer = unlessGone(() => {
    using domain = connection.domainByUuid(uuid)
    return question(domain)
  }, failure.noDomain)
  return answer ?? false
}
