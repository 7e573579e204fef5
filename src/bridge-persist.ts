import { readHost, type Link } from './bridge/host-state.js'
import { keeperOf, readConfiguration, renderers, type Keeper } from './bridge/persist-host.js'
import { checkNetplan } from './bridge/persist-check.js'
import { wantedOf, type FileChange, type Files } from './bridge/persist-wanted.js'
import type { PortVlan } from './bridge/plan-detach.js'
import { portVlans } from './bridge/port-facts.js'

/** What is to be written so that the next boot finds a bridge as it is now. */
export interface Persistence {
  /** null when nothing that bay knows keeps this system's network configuration */
  keeper: Keeper | null
  files: FileChange[]
}

/** For a bridge, or for its not being there any more; `released` are devices that were its ports. @throws IpError, BayError */
export async function persistence(name: string, released: readonly string[]): Promise<Persistence> {
  const state = await readHost()
  const bridge = state.links.find((each) => each.name === name)
  const ports = state.links.filter(({ master }) => master === name)
  const keeper = keeperOf([name, ...ports.map((port) => port.name), ...released])
  if (keeper === null) return { keeper, files: [] }
  const wanted = bridge ? wantedOf(state, bridge, await vlans(bridge, ports)) : null
  const before = readConfiguration(keeper)
  const files = renderers[keeper]({ name, wanted, released }, before)
    .filter(({ path, content }) => (before.get(path) ?? null) !== content)
  if (keeper === 'netplan') await checkNetplan(merged(before, files))
  return { keeper, files }
}

function merged(before: Files, changes: readonly FileChange[]): Files {
  const after = new Map(before)
  for (const { path, content } of changes) {
    if (content === null) after.delete(path)
    else after.set(path, content)
  }
  return after
}

/** Of the ports that are not just in VLAN 1, as every new one is. */
async function vlans({ bridge }: Link, ports: readonly Link[]): Promise<Map<string, PortVlan[]>> {
  if (!bridge?.vlanFiltering) return new Map()
  const all = await Promise.all(ports.map(async ({ name }): Promise<[string, PortVlan[]]> => [name, await portVlans(name)]))
  return new Map(all.filter(([, own]) => own.some(({ id }) => id !== 1)))
}
