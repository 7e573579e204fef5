import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { child, textOf } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { domainXml } from '../flags.js'
import { defineVm } from './define-vm.js'
import { readGiven, type Defined } from './define.js'
import { lockName } from './host-lock.js'
import { cannotWrite, madeStateFolder } from './state-folder.js'

/** A machine's stored document in a file that only this user can read, while somebody edits it. It stays until it is removed. */
export interface Draft {
  path: string
  /** the document as it was when the editing began, without passwords */
  before: string
  read: () => string
  remove: () => void
}

/** @throws BayError `wrong-state` for a machine of which nothing is stored */
export function draftOf(domain: Domain): Draft {
  const name = domain.name()
  if (!domain.isPersistent()) {
    throw new BayError('wrong-state', `${name} is transient: nothing of it is stored that could be edited`, {
      hints: [sh`bay vm xml ${name} | bay vm define - stores it as it runs`],
    })
  }
  const before = domain.xml(domainXml.inactive)
  // A name may have anything in it.
  const path = join(madeStateFolder('edits'), `${name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64)}-${randomBytes(4).toString('hex')}.xml`)
  try {
    writeFileSync(path, before, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw cannotWrite(path, cause)
  }
  return { path, before, read: () => readFileSync(path, 'utf8'), remove: () => rmSync(path, { force: true }) }
}

/**
 * Refuses a text that is no document of this machine. @throws UsageError that names the file
 */
export function checkEdited(domain: Domain, { path }: Pick<Draft, 'path'>, text: string): void {
  const given = readGiven(text, path, 'domain')
  const name = domain.name()
  if (given.name !== name) throw new UsageError(`${path}: the name is ${given.name}, and the machine's is ${name}`, sh`bay vm rename ${name} ${given.name} renames it`)
  const uuid = textOf(child(given.root, 'uuid'))?.trim()
  if (uuid !== undefined && uuid.toLowerCase() !== domain.uuid()) {
    throw new UsageError(`${path}: the UUID is ${uuid}, and the machine's is ${domain.uuid()}`, 'a machine keeps its UUID; leave it as it was')
  }
}

/**
 * Makes an edited text the machine's stored document; passwords, which the text does not have, stay.
 * @throws BayError `wrong-state` when somebody else has changed the machine meanwhile, VirtError when libvirt refuses it
 */
export async function applyEdited(
  connection: Connection, domain: Domain, draft: Draft, text: string, { dryRun }: { dryRun: boolean },
): Promise<Defined> {
  const name = domain.name()
  using _lock = dryRun ? null : await lockName(connection.uri(), 'vm', name)
  if (domain.xml(domainXml.inactive) !== draft.before) {
    throw new BayError('wrong-state', `${name} was changed by somebody else meanwhile`, { hints: [sh`bay vm edit ${name}, again, and bring in what you changed`] })
  }
  return await defineVm(connection, readGiven(text, draft.path, 'domain'), { dryRun, command: 'vm edit' })
}
