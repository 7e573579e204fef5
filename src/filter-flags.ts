import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import { Place } from './firewall/faults.js'
import { filterProfiles } from './firewall/profiles.js'
import { checkFilterName, readRuleFile } from './firewall/rule-file.js'
import { rulesOfFlags } from './firewall/rule-short.js'
import { blank, needs, type FilterRules } from './firewall/rule.js'
import { readInput } from './input-file.js'

/** What the rules of a filter are told by. */
export const ruleFlags = {
  'file': Flags.string({ char: 'f', helpValue: 'FILE', description: 'rules in YAML, one filter or several; - for standard input (docs/filters.md)' }),
  'profile': Flags.option({ options: Object.keys(filterProfiles), description: 'rules that come with the program' })(),
  'allow': Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'WHAT', description: 'let it in: ssh, tcp/8080, udp/6000-6100, icmp, any; repeatable' }),
  'allow-from': Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'CIDR:WHAT', description: 'let it in from there only; repeatable' }),
  'allow-to': Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'CIDR:WHAT', description: 'let it out to there; repeatable' }),
  'inherit': Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'FILTER', description: 'the rules of another filter count too; repeatable' }),
  'default': Flags.option({ options: ['drop', 'accept'] as const, description: 'what becomes of all else, both ways (default: drop)' })(),
}

interface RuleFlagValues {
  'file'?: string
  'profile'?: string
  'allow'?: string[]
  'allow-from'?: string[]
  'allow-to'?: string[]
  'inherit'?: string[]
  'default'?: 'drop' | 'accept'
}

export interface WantedFilters { filters: FilterRules[], place: Place }

/** The filters that a command line asks for. @throws UsageError that names the flag, or the file and the line */
export async function filtersWanted(
  name: string | undefined, flags: RuleFlagValues, { nameless = name }: { nameless?: string } = {},
): Promise<WantedFilters> {
  if (nameless !== undefined) checkFilterName(nameless, null, commandLine)
  const own = ['allow', 'allow-from', 'allow-to', 'inherit', 'default'].filter((flag) => Object.entries(flags).some(([key, value]) => key === flag && value !== undefined))
  const source = flags.file !== undefined ? '--file' : flags.profile !== undefined ? '--profile' : undefined
  if (source && own.length > 0) throw new UsageError(`--${own[0]} and ${source} exclude each other`, 'write the rule into the file')
  if (flags.file !== undefined && flags.profile !== undefined) throw new UsageError('--file and --profile exclude each other')
  if (flags.file !== undefined) {
    const where = flags.file === '-' ? 'standard input' : flags.file
    const filters = await readRuleFile(await readInput(flags.file), { where, name: nameless })
    if (name !== undefined && !(filters.length === 1 && filters[0]?.name === name)) throw new UsageError(`${where} names its filters, so ${name} is one too many`, 'leave the name out')
    return { filters, place: new Place(where) }
  }
  if (name === undefined) throw new UsageError('the filter has no name', 'bay filter create NAME', '-f FILE for the filters of a file')
  const profile = flags.profile === undefined ? undefined : filterProfiles[flags.profile]
  if (profile) return { filters: await readRuleFile(profile.rules, { where: `the profile ${flags.profile}`, name }), place: new Place(`the profile ${flags.profile}`) }
  if (own.length === 0) throw new UsageError('the filter has no rules', '--allow ssh', '-f FILE', `--profile ${Object.keys(filterProfiles).join('|')}`)
  return { filters: [ofFlags(name, flags)], place: commandLine }
}

const commandLine = new Place('the command line')

function ofFlags(name: string, flags: RuleFlagValues): FilterRules {
  const chosen = flags.default
  return {
    name, line: null, rules: rulesOfFlags(flags, blank), needs: [...needs],
    inherit: (flags.inherit ?? []).map((each) => ({ name: checkFilterName(each, null, new Place('--inherit')), line: null })),
    default: chosen === undefined ? null : { in: chosen, out: chosen },
  }
}

/** A MAC address, in lower case. */
export const macFlag = Flags.custom<string>({ parse: (text, _, { name }) => Promise.resolve(parseMac(text, `--${name}`)) })

/** @throws UsageError that names the flag */
export function parseMac(text: string, flag: string): string {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) throw new UsageError(`${flag}: "${text}" is no MAC address`, 'write it as 52:54:00:12:34:56')
  return text.toLowerCase()
}

/**
 * The name, when an interface can name such a filter. What other tools made may have a name that the rule language refuses;
 * libvirt's schema for machines wants an XML name.
 * @throws UsageError
 */
export function checkNamedFilter(name: string): string {
  if (/^[\p{L}_][\p{L}\p{M}\p{N}_.-]*$/u.test(name)) return name
  throw commandLine.wrong(null, `"${name}" cannot be the name of a filter`, 'letters, digits, _ . and -, a letter or _ first', 'bay filter list')
}

/** `NAME=VALUE` of a filter's variables. @throws UsageError */
export function parseParameters(texts: readonly string[]): { name: string, value: string }[] {
  return texts.map((text) => {
    const [, name = '', value = ''] = /^(\w+)=([\w.:]+)$/.exec(text) ?? []
    if (name === '') throw new UsageError(`--parameter: "${text}" is not NAME=VALUE`, 'IP=10.0.0.5')
    if (name === 'MAC') throw new UsageError('--parameter MAC: that is the interface\'s own')
    return { name, value }
  })
}
