import type { Direction, Rule } from './rule.js'

/**
 * The priorities of libvirt that rules are compiled to. What is opened from inside is decided first, then what is opened from
 * outside: a dropping rule for the latter drops both ways (compile-rule.ts says why), and must not reach the former.
 */
export const levels = {
  /** what every guest needs and no rule of its own takes away: DHCP, neighbours, errors */
  essential: -950,
  /** DNS: a rule of its own comes first */
  dns: -10,
  defaultOut: -5,
  defaultIn: 895,
  /** on Ethernet: IP and ARP go on */
  ethernet: 900,
  /** whatever is left */
  rest: 950,
} as const

/** Rules without a priority of their own, of one filter: a hundred changes between accepting and dropping have room. */
const room = 100

/** How deep filters may inherit: each level stands before the one that it inherits. */
export const deepest = 6

/** The level of each rule, 1 to 880, or null for the first one that has no room. */
export function levelsOf(rules: readonly Rule[], depth: number): (number | null)[] {
  const first = 700 - room * depth
  const at: Record<Direction, { step: number, accepts: boolean | null }> = {
    in: { step: 0, accepts: null }, out: { step: 0, accepts: null },
  }
  return rules.map(({ direction, action, priority }) => {
    if (priority !== null) return priority
    const here = at[direction]
    const accepts = action === 'accept'
    // Among rules that do the same the order is nothing; so thousands of them take one level.
    if (here.accepts !== null && here.accepts !== accepts) here.step += 1
    here.accepts = accepts
    return here.step < room ? first + here.step : null
  })
}

/** libvirt's priority for a rule of that level. */
export function priorityOf(direction: Direction, level: number): number {
  return direction === 'out' ? level - 900 : level
}

/** The level of a rule that has this priority of libvirt's; null for one that no rule of a file gets. */
export function levelAt(direction: Direction, priority: number): number | null {
  const level = direction === 'out' ? priority + 900 : priority
  return level >= 1 && level <= 880 ? level : null
}
