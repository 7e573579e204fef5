import { checkSpec } from './check.js'
import { cloudConfig } from './cloud-config.js'
import { networkConfigFile } from './network-config.js'
import type { CloudInitSpec } from './spec.js'
import { userDataFile } from './user-data.js'
import { writeYaml, yamlMap } from './yaml.js'

export interface CloudInitFiles {
  /** secret: it holds the hashes of passwords */
  userData: string
  metaData: string
  networkConfig: string | null
}

/**
 * The files of a NoCloud seed. https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
 * The same spec gives the same bytes.
 * @throws UsageError for what a guest could not use
 */
export function cloudInitFiles(spec: CloudInitSpec): CloudInitFiles {
  checkSpec(spec)
  return {
    userData: userDataFile(cloudConfig(spec), spec.extraUserData),
    metaData: writeYaml(yamlMap({ 'instance-id': spec.instanceId, 'local-hostname': spec.hostname })),
    networkConfig: networkConfigFile(spec.network),
  }
}

/** A hostname out of a machine's name, which may have `_ . +`: `Web_1.test` is `web-1-test`. */
export function hostnameFor(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, 63).replaceAll(/^-+|-+$/g, '') || 'vm'
}
