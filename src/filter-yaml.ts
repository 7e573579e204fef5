import { decompile } from './firewall/decompile.js'
import { parentOf, type HostFilters } from './firewall/host-filter.js'
import { escapeControl } from './output/escape.js'
import { toYaml } from './output/serialize.js'

/** A filter in the rule language, with a remark for each rule that has no form in it. */
export async function filterYaml(name: string, filters: HostFilters): Promise<string> {
  const filter = filters.get(name)
  if (!filter) return ''
  const { form, without } = decompile(filter, parentOf(name, filters).depth ?? 0)
  const remarks = without.map(({ number, text }) => `# rule ${number} has no form here: ${escapeControl(text)}\n`)
  return `${remarks.join('')}${await toYaml(form)}`
}
