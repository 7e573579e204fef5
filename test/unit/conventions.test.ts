import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Interfaces } from '@oclif/core'
import { exitCodes } from '../../src/errors.js'
import { globalFlags } from '../../src/flags.js'
import { commandNames, contractExitCodes, globalNames, lookingVerbs, takesMany } from './contract.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What a command's class says of itself, before oclif adds anything. */
interface Described {
  name: string
  summary?: string
  description?: string
  examples?: string[]
  args: Interfaces.ArgInput
  flags: Interfaces.FlagInput
  strict: boolean
  enableJsonFlag: boolean
  aliases: string[]
}

interface Read {
  /** as it is typed: `vm list` */
  typed: string
  /** `list` of `vm list`, `attach` of `vm attach disk`, `recover` of `recover` */
  verb: string
  /** the names of the classes that it extends */
  extended: string[]
  command: Described
  source: string
}

/** Each gives what is wrong with a command; undefined and false are nothing. */
const rules: Record<string, (read: Read) => (string | undefined | false)[]> = {
  'is one of the contract\'s': ({ typed }) => [!commandNames.has(typed) && 'is not in the contract'],

  'is a BaseCommand, named after its file, without what oclif adds by itself': ({ typed, command, extended }) => [
    !extended.includes('BaseCommand') && 'is no BaseCommand',
    command.name.replace(/Command$/, '') !== pascal(typed) && `is named ${command.name}`,
    !command.strict && 'takes any arguments', command.enableJsonFlag && 'has oclif\'s --json', command.aliases.length > 0 && 'has aliases',
  ],

  'has a summary: short, in the imperative, without a full stop': ({ command: { summary = '' } }) => [
    !/^[A-Z][^\n]*[^.\s]$/.test(summary) && `summary: ${summary}`, summary.length > 72 && `a summary of ${summary.length} characters`,
  ],

  'has a description of sentences': ({ command: { summary, description = '' } }) => [
    !/^(?:[A-Z]|libvirt)[^]*[.):]$/.test(description) && `description: ${description}`, description === summary && 'says the same twice',
  ],

  'has examples that could be typed': ({ typed, command }) => [
    !command.examples?.length && 'has no example',
    ...(command.examples ?? []).flatMap((example) => {
      const [, ours] = example.split(`<%= config.bin %> ${typed}`)
      if (ours === undefined) return [`not an example of it: ${example}`]
      const flags = ours.replaceAll(/[|>].*|"[^"]*"|'[^']*'/g, '').match(/(?<=\s)--[a-z0-9-]+/g) ?? []
      return flags.map((flag) => !flagNames(command).includes(flag.slice(2)) && `${flag} does not exist: ${example}`)
    }),
  ],

  'describes every argument and flag, without a full stop': ({ command }) => Object.entries({ ...command.args, ...command.flags })
    .map(([name, { description = '' }]) => !/^(?:[^A-Z\s]|[A-Z]{2})[^]*[^.\s]$/.test(description) && `${name}: ${description}`),

  'names flags-with-dashes and argumentsAsOneWord': ({ command }) => [
    ...Object.keys(command.flags).map((name) => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && `--${name}`),
    ...Object.keys(command.args).map((name) => !/^[a-z][a-zA-Z]*$/.test(name) && name),
  ],

  'leaves the global flags alone': ({ command }) => Object.entries(command.flags)
    .map(([name, { char }]) => (globalNames.includes(name) || 'coqyhV'.includes(char ?? '-')) && `--${name}, -${char}`),

  'has --dry-run exactly if it changes something': ({ verb, command }) => [
    ('dry-run' in command.flags) === lookingVerbs.has(verb) && (lookingVerbs.has(verb) ? 'has --dry-run' : 'has no --dry-run'),
  ],

  'takes many names, --all and --parallel if it works on what exists': ({ typed, verb, command: { args, flags } }) => {
    if (!typed.includes(' ') || !takesMany(typed, verb)) return ['all' in flags && 'has --all']
    const { multiple = false, required = false } = (args['vm'] ?? args['name'] ?? {}) as { multiple?: boolean, required?: boolean }
    return [!('all' in flags) && 'no --all', !('parallel' in flags) && 'no --parallel', (!multiple || required) && 'does not take many names']
  },

  // `vm create --filter` is a network filter, by the contract.
  'has all the flags of a list, or none': ({ verb, command: { flags } }) => {
    const missing = ['columns', 'sort', 'no-headers'].filter((flag) => !(flag in flags))
    return [(missing.length % 3 !== 0 || (verb === 'list' && missing.length > 0)) && `no ${missing.join()}`]
  },

  'bounds every number that it takes': ({ source }) => [...source.matchAll(/Flags\.integer\(\{([^}]*)\}/g)]
    .map(([, options = '']) => !/min:.*max:/.test(options) && options),

  'neither prints, ends the process nor swallows errors': ({ source }) => {
    const code = source.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|`[^`]*`|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, '')
    return (code.match(/\bconsole\.|\bprocess\.(exit|stdout|stderr)|\btry\s*\{|\.catch\(/g) ?? []).map((found) => found)
  },

  'is short and exports nothing but itself': ({ source }) => {
    const lines = source.trimEnd().split('\n').length
    return [lines > 90 && `${lines} lines`, source.match(/^export /gm)?.length !== 1 && 'exports more']
  },

  'imports no other command and nothing of the raw layer': ({ source }) => [...source.matchAll(/(?:from |import\()'([^']+)'/g)]
    .map(([, from = '']) => /commands\/|virt\/raw|^\.\/|^(ffi-rs|xml-js|cli-table3|inquirer)$/.test(from) && from),
}

describe('every command', () => {
  const reads: Read[] = []
  before(async () => {
    const folder = join(root, 'src/commands')
    for (const file of filesBelow(folder)) reads.push(await readCommand(folder, file))
  })

  it('is found', () => expect(reads).to.have.length.above(40))

  for (const [rule, check] of Object.entries(rules)) {
    it(rule, () => {
      const wrong = reads.flatMap((read) => check(read).flatMap((what) => what ? [`bay ${read.typed}: ${what}`] : []))
      expect(wrong.join('\n')).to.equal('')
    })
  }

  it('has a topic that says what it is about', () => {
    const { oclif } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { oclif: { topics: Record<string, { description?: string }> } }
    const topics = new Set(reads.flatMap(({ typed }) => typed.includes(' ') ? typed.split(' ')[0] ?? '' : []))
    for (const topic of topics) expect(oclif.topics[topic]?.description, topic).to.match(/^[a-z].*[^.]$/)
  })

  it('has the global flags of the contract', () => expect(Object.keys(globalFlags)).to.have.members(globalNames))
})

describe('the source', () => {
  const folder = join(root, 'src')
  const sources = filesBelow(folder).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))

  it('has nobody who imports a command', () => {
    expect(sources.filter(({ text }) => /from '[^']*\/commands\//.test(text)).map(({ file }) => file)).to.deep.equal([])
  })

  it('has no file of more than 300 lines', () => {
    expect(sources.filter(({ text }) => text.trimEnd().split('\n').length > 300).map(({ file }) => file)).to.deep.equal([])
  })

  it('has the contract\'s exit codes, and throws no error without one', () => {
    expect(exitCodes).to.deep.equal(contractExitCodes)
    const thrown = sources.flatMap(({ text }) => [...text.matchAll(/new BayError\(\s*'([^']+)'/g)].map(([, code]) => code))
    expect(thrown).to.have.length.above(50)
    expect(thrown.filter((code) => !(code ?? '' in contractExitCodes))).to.deep.equal([])
  })
})

async function readCommand(folder: string, file: string): Promise<Read> {
  const { default: command } = await import(join(folder, file)) as { default: Described }
  const typed = file.replace(/\.ts$/, '').replaceAll('/', ' ')
  const { name, summary, description, examples, args = {}, flags = {}, strict, enableJsonFlag, aliases = [] } = command
  return {
    typed, verb: typed.split(' ')[1] ?? typed, source: readFileSync(join(folder, file), 'utf8'),
    extended: ancestors(command), command: { name, summary, description, examples, args, flags, strict, enableJsonFlag, aliases },
  }
}

/** The names of the classes that a class extends. */
function ancestors(command: object): string[] {
  const parent = Object.getPrototypeOf(command) as { name?: string } | null
  return parent === null ? [] : [parent.name ?? '', ...ancestors(parent)]
}

function pascal(typed: string): string {
  return typed.split(' ').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function flagNames({ flags }: Described): string[] {
  const own = Object.entries(flags).flatMap(([name, flag]) => 'allowNo' in flag && flag.allowNo ? [name, `no-${name}`] : [name])
  return [...own, ...globalNames, 'help']
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).sort()
}
