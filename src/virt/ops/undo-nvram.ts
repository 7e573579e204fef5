import { posix } from 'node:path'
import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { domainXml } from '../flags.js'
import type { StoragePool } from '../pool.js'
import { startFolderPool } from './folder-pool.js'
import { unlessGone } from './gone.js'
import type { Undoing } from './undo-kind.js'

/** A file of UEFI variables that is in no pool, so that its folder is one while it is looked for. */
export const nvramFile: Undoing<{ path: string }> = {
  fields: ['path'],
  leaves: ({ path }) => `the UEFI variables ${path}`,
  removeBy: ({ path }) => `rm ${path}`,
  isThere: (connection, { path }) => inFolder(connection, path, (pool, name) => {
    using volume = unlessGone(() => pool.volume(name), failure.noVolume)
    return volume !== null
  }) ?? false,
  undo: (connection, { path }) => {
    inFolder(connection, path, (pool, name) => {
      using volume = unlessGone(() => pool.volume(name), failure.noVolume)
      volume?.delete()
    })
  },
}

/** The machines that are defined with this file. */
export function machinesWithNvram(connection: Connection, path: string): string[] {
  using domains = connection.domains()
  return domains.flatMap((domain) => {
    const found = unlessGone(() => readDomain(domain.xml(domainXml.inactive)), failure.noDomain)
    return found && nvramOf(found, posix.dirname(path)) === path ? [found.name] : []
  })
}

/** The file of a machine's UEFI variables; one that its definition does not name is in the host's folder for them. */
export function nvramOf(
  { nvram, firmware, name }: Pick<DomainDescription, 'nvram' | 'firmware' | 'name'>, folder: string,
): string | null {
  return nvram ?? (firmware === 'uefi' ? posix.join(folder, `${name}_VARS.fd`) : null)
}

/** null when there is no such folder. */
function inFolder<T>(connection: Connection, path: string, work: (pool: StoragePool, name: string) => T): T | null {
  const folder = startFolderPool(connection, posix.dirname(path))
  if (folder === null) return null
  using pool = folder.pool
  try {
    return work(pool, posix.basename(path))
  } finally {
    folder.stop()
  }
}
