import type { IpCall } from './ip.js'

/** What a step may be answered although it has nothing left to do. */
const answers = {
  there: /File exists|already assigned/i,
  noDevice: /Cannot find device|does not exist/i,
  noAddress: /Cannot assign requested address|address not found/i,
  noRoute: /No such process/i,
  noVlan: /No such file/i,
} as const

/** One change, as a call of iproute2, and the refusals that mean that it is so already. Plain data: the guard gets it by a pipe. */
export interface Step extends IpCall {
  fine: readonly (keyof typeof answers)[]
}

export function isFine({ fine }: Step, reason: string): boolean {
  return fine.some((each) => answers[each].test(reason))
}

export const link = {
  set: (name: string, ...what: string[]): Step => step(['link', 'set', 'dev', name, ...what]),
  add: (name: string, ...what: string[]): Step => step(['link', 'add', 'name', name, ...what]),
  delete: (name: string): Step => step(['link', 'delete', 'dev', name], 'noDevice'),
}

export const address = {
  add: (device: string, words: readonly string[]): Step => step(['address', 'add', ...words, 'dev', device], 'there'),
  delete: (device: string, words: readonly string[]): Step => step(['address', 'delete', ...words, 'dev', device], 'noAddress', 'noDevice'),
}

export const route = {
  add: (family: '-4' | '-6', words: readonly string[]): Step => step([family, 'route', 'add', ...words], 'there'),
  delete: (family: '-4' | '-6', words: readonly string[]): Step => step([family, 'route', 'delete', ...words], 'noRoute', 'noDevice'),
}

export const vlan = {
  add: (device: string, id: string, ...what: string[]): Step => ({ program: 'bridge', args: ['vlan', 'add', 'dev', device, 'vid', id, ...what], fine: ['there'] }),
  delete: (device: string, id: string, ...what: string[]): Step => ({
    program: 'bridge', args: ['vlan', 'delete', 'dev', device, 'vid', id, ...what], fine: ['noVlan', 'noDevice'],
  }),
}

function step(args: readonly string[], ...fine: Step['fine'][number][]): Step {
  return { program: 'ip', args, fine }
}
