import { Config } from '@oclif/core/config'

/** What a command needs of oclif's configuration, without a look at any file: there are no plugins, and no hooks. */
export class BareConfig extends Config {
  override runHook(): Promise<{ failures: [], successes: [] }> {
    return Promise.resolve({ failures: [], successes: [] })
  }
}
