import type { SharedHosts } from './shared-hosts.js'

/** What a command has from the batch in which it runs: there it prints nothing and asks nobody. */
export interface Within {
  hosts: SharedHosts
  /** the host that the batch was given */
  uri: string | null
  yes: boolean
  dryRun: boolean
  /** the lock that the batch has by --lock */
  lock: string | undefined
}
