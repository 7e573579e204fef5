import type { MapMachine, MapNetwork, MapNic } from '../map-model.js'

/** A network in a line: `lab  nat  virbr0  10.20.0.1/24`. */
export function networkParts({ kind, mode, active, bridge, name, subnets }: MapNetwork): string[] {
  const what = kind === 'network' ? [mode ?? ''] : [kind]
  return [...what, ...bridge === null || bridge === name ? [] : [bridge], ...subnets, ...active === false ? ['stopped'] : []]
}

export function nicParts({ mac, addresses, filter, tap }: MapNic): string[] {
  return [mac ?? 'no MAC', ...addresses, ...filter === null ? [] : [`filter ${filter}`], ...tap === null ? [] : [tap]]
}

export function machineParts({ running, also }: MapMachine): string[] {
  return [running ? 'running' : 'off', ...also.length === 0 ? [] : [`also on ${also.join(', ')}`]]
}
