import type { FilterText } from '../../firewall/installed.js'
import { sh } from '../../shell.js'
import type { FilteredNic } from './filter-model.js'
import { isPreset } from './gc-filters.js'
import { isGenerated } from './generated-filter.js'

/** What can be put on: of a filter that was generated for an interface the first that it includes. */
export function memberOf(name: string, texts: ReadonlyMap<string, FilterText>): string {
  const { chain = '', entries = [] } = texts.get(name) ?? {}
  const [first] = entries
  const generated = isGenerated({ name, chain, rules: entries.flatMap((entry) => 'filter' in entry ? [] : entry) })
  return generated && first && 'filter' in first ? first.filter : name
}

/** What ends a filter: one of libvirt's own, or of several, is left as it is. */
export function closing(vm: string, { filter, mac }: FilteredNic, texts: ReadonlyMap<string, FilterText>): string {
  if (filter === null || isPreset(filter) || memberOf(filter, texts) !== filter) return sh`one that drops what no rule decides, beside it: bay filter apply --nic=${mac} FILTER ${vm}`
  return sh`bay filter show -o yaml ${filter} > rules.yaml, in it default: drop, and then bay filter create -f rules.yaml --replace`
}
