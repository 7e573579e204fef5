import { BayError } from '../errors.js'
import { sh } from '../shell.js'
import { findBridge } from './check-port.js'
import type { Link } from './host-state.js'
import { portsOf } from './list-bridges.js'
import { link, type Step } from './steps.js'

/** Who would miss it, as far as libvirt knows; null when libvirt cannot be asked. */
type Users = { networks: string[], machines: string[] } | null

/** What deletes a bridge that nobody uses. @throws BayError `wrong-state`, which names who does; `not-found` */
export function planDelete(links: readonly Link[], name: string, users: Users): { steps: Step[], undo: Step[] } {
  findBridge(links, name)
  if (users && users.networks.length > 0) {
    throw used(name, `it is the bridge of ${users.networks.length === 1 ? 'the network' : 'the networks'} ${users.networks.join(', ')}`, users.networks.map((net) => sh`bay net delete ${net}`))
  }
  if (users && users.machines.length > 0) {
    throw used(name, `machines have a card on it: ${users.machines.join(', ')}`, users.machines.map((vm) => sh`bay vm detach nic ${vm} MAC`))
  }
  const ports = portsOf(links, name)
  if (ports.length > 0) throw used(name, `it has ports: ${ports.join(', ')}`, ports.map((port) => sh`bay bridge detach ${name} ${port}`))
  const above = links.filter(({ parent }) => parent === name).map((each) => each.name)
  if (above.length > 0) throw used(name, `other devices stand on it: ${above.join(', ')}`, above.map((each) => `ip link delete dev ${each}`))
  return { steps: [link.delete(name)], undo: [] }
}

function used(name: string, why: string, hints: readonly string[]): BayError {
  return new BayError('wrong-state', `${name} is not deleted: ${why}`, { hints })
}
