import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { GarbageItem } from './gc-item.js'
import type { MachinesUse } from './gc-machines.js'
import { unlessGone } from './gone.js'
import { listFilters, type FilterRow } from './list-filters.js'

/** The filters that come with libvirt. They wait to be used, and libvirt's package brings them again. */
const presets = new Set([
  'allow-arp', 'allow-dhcp', 'allow-dhcp-server', 'allow-dhcpv6', 'allow-dhcpv6-server', 'allow-incoming-ipv4', 'allow-incoming-ipv6',
  'allow-ipv4', 'allow-ipv6', 'clean-traffic', 'clean-traffic-gateway', 'no-arp-ip-spoofing', 'no-arp-mac-spoofing', 'no-arp-spoofing',
  'no-ip-multicast', 'no-ip-spoofing', 'no-ipv6-multicast', 'no-ipv6-spoofing', 'no-mac-broadcast', 'no-mac-spoofing',
  'no-other-l2-traffic', 'no-other-rarp-traffic', 'qemu-announce-self', 'qemu-announce-self-rarp',
])

/** Whether it came with libvirt. */
export function isPreset(name: string): boolean {
  return presets.has(name)
}

export interface FiltersNow {
  rows: readonly FilterRow[]
  /** those in force on an interface right now */
  bound: ReadonlySet<string>
}

/** Nothing of a driver without filters. */
export function readFilters(connection: Connection): FiltersNow {
  const rows = unlessGone(() => listFilters(connection), failure.noSupport) ?? []
  using bindings = unlessGone(() => connection.filterBindings(), failure.noSupport)
  return { rows, bound: new Set(bindings?.map((binding) => binding.filterName())) }
}

/** The filters that no machine's interface names, nor a filter that is used. Who includes one goes before it. */
export function garbageFilters({ rows, bound }: FiltersNow, use: Pick<MachinesUse, 'filters'>): GarbageItem[] {
  const byName = new Map(rows.map((row) => [row.name, row]))
  const used = new Set<string>()
  const visit = (name: string): void => {
    if (used.has(name)) return
    used.add(name)
    for (const { filter } of byName.get(name)?.references ?? []) visit(filter)
  }
  for (const name of [...presets, ...bound, ...use.filters]) visit(name)
  return rows.filter(({ name }) => !used.has(name)).map(({ name, uuid }) => ({
    kind: 'filter', name, pool: null, path: null, size: null, modified: null, reason: 'no interface and no filter in use includes it', locks: [],
    after: rows.filter(({ references }) => references.some(({ filter }) => filter === name)).map((row) => row.name),
    remove: (connection) => {
      using filter = unlessGone(() => connection.filterByUuid(uuid), failure.noFilter)
      filter?.undefine()
    },
  }))
}
