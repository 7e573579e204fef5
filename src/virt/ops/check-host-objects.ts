import { sh } from '../../shell.js'
import { readCapabilities } from '../../xml/host.js'
import { formatSize } from '../../units.js'
import type { Connection } from '../connection.js'
import { ok, problem, warning, type Finding } from './check-host-finding.js'

/** Whether the host can run machines of its own architecture. */
export function checkEmulator(connection: Connection): Finding {
  const { cpu, guests } = readCapabilities(connection.capabilities())
  const native = guests.filter(({ arch, osType }) => arch === cpu.arch && osType === 'hvm').flatMap(({ domains }) => domains)
  const emulator = native.find((domain) => domain.emulator !== null)?.emulator
  return emulator
    ? ok('emulator', `${emulator} runs machines of ${cpu.arch}`)
    : problem('emulator', `there is no emulator for machines of ${cpu.arch}`, 'Debian: apt install qemu-system; Fedora: dnf install qemu-kvm')
}

/** Whether the network is there that new machines get unless told otherwise. */
export function checkNetwork(connection: Connection): Finding {
  using networks = connection.networks()
  const network = networks.find((each) => each.name() === 'default')
  if (!network) return warning('network', 'there is no network default', 'bay net create default --subnet auto')
  if (!network.isActive()) return warning('network', 'the network default is stopped', 'bay net start default')
  if (!network.autostart()) return warning('network', 'the network default does not start with the host', 'bay net autostart default')
  return ok('network', 'the network default is active and starts with the host')
}

/** Whether there is room for disks. */
export function checkPools(connection: Connection): Finding[] {
  using pools = connection.pools()
  const active = pools.filter((pool) => pool.isActive())
  if (active.length === 0) return [noActivePool(pools.map((pool) => pool.name()))]
  return active.map((pool) => {
    const { capacity, available } = pool.info()
    const room = `pool ${pool.name()} has ${formatSize(available)} of ${formatSize(capacity)} left`
    return capacity > 0 && available / capacity < 0.1
      ? warning('pools', room, `make room, or add a pool: bay pool create NAME --path DIR`)
      : ok('pools', room)
  })
}

function noActivePool([stopped]: string[]): Finding {
  return stopped === undefined
    ? problem('pools', 'there is no storage pool', 'bay pool create default --path /var/lib/libvirt/images')
    : problem('pools', 'no storage pool is active', sh`bay pool start ${stopped}`)
}
