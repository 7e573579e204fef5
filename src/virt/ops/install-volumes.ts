import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { readInstall } from './install-state.js'
import { findVolume } from './undo-volume.js'

interface InstallVolume { pool: string, poolUuid: string, name: string, path: string }

/** What is still there of what was made for a machine's install only: nobody wants its secrets once the machine is gone. */
export function installVolumes(connection: Connection, domain: Domain): InstallVolume[] {
  return readInstall(domain)?.volumes.flatMap((each) => {
    using volume = findVolume(connection, each)
    return volume === null ? [] : { ...each, path: volume.path() }
  }) ?? []
}
