import { UsageError } from '../../errors.js'
import type { Connection } from '../connection.js'

/**
 * The name of the pool that is meant without a name: the one named default, else the only active one.
 * @param asking what shall be in it, and how a pool is named for that
 * @throws UsageError when neither is there
 */
export function defaultPool(connection: Connection, asking: { what: string, flag: (pool: string) => string }): string {
  using pools = connection.pools()
  if (pools.some((each) => each.name() === 'default')) return 'default'
  const active = pools.filter((each) => each.isActive()).map((each) => each.name())
  const [first] = active
  if (first !== undefined && active.length === 1) return first
  throw new UsageError(`which pool shall the ${asking.what} be in? None is named default`, ...first === undefined
    ? ['bay pool create default --path /var/lib/libvirt/images']
    : [asking.flag(first), `active pools: ${active.join(', ')}`])
}
