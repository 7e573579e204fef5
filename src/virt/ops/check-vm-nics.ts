import { existsSync } from 'node:fs'
import { BayError, UsageError } from '../../errors.js'
import type { Findings } from '../../findings.js'
import { sh } from '../../shell.js'
import { readNetwork } from '../../xml/network-description.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import type { Network } from '../network.js'
import { refuseTakenMac } from './check-vm-mac.js'
import { clashes, hostRoutes } from './host-routes.js'
import { showSubnet, subnetAround } from './network-subnet.js'
import type { NewNic } from './new-vm.js'

export interface CheckedNics {
  /** networks that do not run and could be started */
  stopped: string[]
  notes: string[]
}

/** Looks whether there is all that the interfaces need; each network, bridge and filter once. */
export function checkNics(
  connection: Connection, nics: readonly NewNic[], { findings, ownHost }: { findings: Findings, ownHost: boolean },
): CheckedNics {
  const each = (of: (nic: NewNic) => string | undefined) => new Set(nics.flatMap((nic) => of(nic) ?? []))
  const found: CheckedNics = { stopped: [], notes: [] }
  for (const name of each((nic) => nic.kind === 'network' ? nic.source : undefined)) {
    findings.look(() => checkNetwork(connection, name, ownHost, found))
  }
  if (ownHost) for (const name of each((nic) => nic.kind === 'bridge' ? nic.source : undefined)) findings.look(() => checkBridge(name))
  for (const name of each(({ filter }) => filter)) findings.look(() => checkFilter(connection, name))
  for (const mac of each((nic) => nic.mac)) findings.look(() => refuseTakenMac(connection, mac))
  return found
}

/** What is found when nobody may start a network that is needed. */
export function isStopped(name: string): BayError {
  return new BayError('wrong-state', `the network ${name} is not active`, { hints: [sh`bay net start ${name}`, '--yes starts it before the machine is made'] })
}

function checkNetwork(connection: Connection, name: string, ownHost: boolean, found: CheckedNics): void {
  using network = lookUp(connection, name)
  if (network.isActive()) return
  if (ownHost) found.notes.push(...checkSubnets(name, network))
  found.stopped.push(name)
}

function lookUp(connection: Connection, name: string): Network {
  try {
    return connection.network(name)
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    throw error.restated(`there is no network named ${name}`, ['bay net list', '--network NET, user or none'])
  }
}

/** A network that is to be started must not have a subnet of the host's: libvirt refuses the same one, and takes what overlaps. */
function checkSubnets(name: string, network: Network): string[] {
  const { bridge, subnets } = readNetwork(network.xml())
  const own = subnets.flatMap(({ address, prefix }) => subnetAround(address, prefix) ?? [])
  const met = clashes(own, hostRoutes().filter(({ device }) => device !== bridge))
  const same = met.find(({ exactly }) => exactly)
  if (same) {
    throw new BayError('wrong-state', `the network ${name} is not active and cannot be: ${showSubnet(same.own)} is the subnet of ${same.device}`, {
      hints: ['give the network another subnet, or the machine another --network'],
    })
  }
  return met.map(({ own: mine, subnet, device }) => `the subnet ${showSubnet(mine)} of the network ${name} overlaps with ${showSubnet(subnet)}, which the host reaches by ${device}`)
}

/** A bridge that is not libvirt's: the machine would be made, and could not start. */
function checkBridge(name: string): void {
  if (existsSync(`/sys/class/net/${name}/bridge`)) return
  if (existsSync(`/sys/class/net/${name}`)) throw new UsageError(`--network bridge=${name}: ${name} is no bridge`, 'ip link show type bridge')
  throw new BayError('not-found', `there is no bridge ${name} on this host`, { hints: ['ip link show type bridge', `ip link add ${name} type bridge && ip link set ${name} up`] })
}

/** libvirt takes a name that no filter has, and fails only when the machine starts. */
function checkFilter(connection: Connection, name: string): void {
  try {
    using filter = connection.filter(name)
    filter.name()
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    throw error.restated(`there is no filter named ${name}`, ['bay filter list'])
  }
}
