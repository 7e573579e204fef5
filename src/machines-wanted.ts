import { nearFlags } from './command-line.js'
import { BayError, UsageError } from './errors.js'
import { overlaid, typedWords, wordsOf, type FlagDefinitions, type FlagWords, type Token } from './machine-flags.js'
import { readMachinesFile, type FileEntry, type Keys, type MachinesFile } from './machines-file.js'
import { checkName } from './names.js'
import { fromParser } from './parse-failure.js'
import { PasswordHashes } from './guest-flags.js'
import type { NewVm } from './virt/ops/new-vm.js'
import type { Condition } from './virt/ops/wait-condition.js'
import { conditionsOfNew } from './virt/ops/wait-new-vm.js'
import { newVmFrom, type VmFlags } from './vm-request.js'

/** A machine that shall be made, with the flags that say how. */
export interface WantedMachine<F> {
  request: NewVm
  /** what is waited for */
  conditions: Condition[]
  flags: F
}

export interface CreateLine<F> {
  name: string | undefined
  flags: F & { count?: number, file?: string }
  /** what was typed, as oclif's parser read it */
  raw: readonly Token[]
  definitions: FlagDefinitions
  /** reads flags as from a command line */
  parse: (argv: string[]) => Promise<F>
}

/** What a machine boots from; one of them must be said. */
const sourceFlags = ['image', 'iso', 'kernel', 'empty']

/** Whether a command line leaves open what must be said. */
export function isIncomplete<F>({ name, flags: { file }, raw, definitions }: CreateLine<F>): boolean {
  const typed = typedWords(raw, definitions)
  return file === undefined && (name === undefined || !sourceFlags.some((flag) => typed.has(flag)))
}

/** The flags that a machine is made by. */
export type Creating = VmFlags & { wait: string[] }

/** Flags of the run and not of a machine. */
const ofTheRun = ['count', 'file', 'parallel', 'dry-run']

/** What no two machines share. */
const ofOneMachine = ['mac', 'ip', 'hostname']

/** What no two machines that run share. */
const ofOneThatRuns = ['gpu']

/**
 * The machines that a command line asks for, each checked as far as that is possible without the host. With --count they
 * are alike but for the name; with --file an entry's keys win over the file's defaults, those over the command line.
 * @throws UsageError; nothing is made then
 */
export async function machinesWanted<F extends Creating>(line: CreateLine<F>): Promise<WantedMachine<F>[]> {
  const { name, flags: { count, file } } = line
  if (file !== undefined) return fromFile(line, file)
  if (name === undefined) throw new UsageError('the machine has no name', 'bay vm create NAME', '-f FILE for the machines of a file')
  if (count === undefined) return [await machine(name, line.flags)]
  const names = Array.from({ length: count }, (_, index) => checkName('vm', `${name}-${index + 1}`))
  if (count > 1) refuseShared(typedWords(line.raw, line.definitions), `--count ${count}`, line.flags['no-start'] ? [] : ofOneThatRuns)
  const first = await machine(names[0] ?? '', line.flags)
  return names.map((each) => ({ ...first, request: { ...first.request, name: each } }))
}

async function machine<F extends Creating>(name: string, flags: F, hashes?: PasswordHashes): Promise<WantedMachine<F>> {
  const request = await newVmFrom(name, flags, hashes)
  return { request, conditions: conditionsOfNew(flags.wait, request), flags }
}

async function fromFile<F extends Creating>(line: CreateLine<F>, path: string): Promise<WantedMachine<F>[]> {
  if (line.name !== undefined) throw new UsageError(`the file names its machines, so ${line.name} is one too many`, 'leave out the name, or -f')
  const known = Object.fromEntries(Object.entries(line.definitions).filter(([name]) => !ofTheRun.includes(name)))
  const typed = typedWords(line.raw, known)
  refuseShared(typed, '--file')
  const read = await readMachinesFile(path)
  const defaults = wordsOf(read.defaults, known, (at) => `${read.where}:${at}: defaults: `)
  refuseShared(defaults, `${read.where}: defaults`)
  const base = overlaid(typed, defaults, known)
  const entries = read.entries.map((entry) => ({ entry, ...named(read, entry) }))
  refuseTwice(read, entries)
  const hashes = new PasswordHashes()
  const wanted: WantedMachine<F>[] = []
  for (const { entry, name, keys } of entries) {
    const own = wordsOf(keys, known, (at) => `${read.where}:${at}: ${name}: `)
    const words = overlaid(base, own, known)
    wanted.push(await inPlace({ file: read, entry, name }, async () => {
      refuseStandardInput(words)
      return machine(name, await line.parse([...words.values()].flat()), hashes)
    }))
  }
  return wanted
}

function named(file: MachinesFile, entry: FileEntry): { name: string, keys: Keys } {
  const keys = new Map(entry.keys)
  const name = keys.get('name')
  keys.delete('name')
  if (!name) throw new UsageError(`${file.where}:${entry.line}: a machine without a name`, 'add name: web-1')
  if (name.list) throw new UsageError(`${file.where}:${name.line}: name is one text, not a list`)
  const [text = ''] = name.texts
  try {
    return { name: checkName('vm', text), keys }
  } catch (error) {
    throw placed(`${file.where}:${name.line}: `, error)
  }
}

/** Names, and what else only one machine may have. */
function refuseTwice(file: MachinesFile, entries: readonly { entry: FileEntry }[]): void {
  const seen = new Map<string, number>()
  for (const { entry: { keys } } of entries) {
    for (const key of ['name', ...ofOneMachine]) {
      const value = keys.get(key)
      // 10.0.0.5/24 is the address 10.0.0.5.
      const text = `${key} ${value?.texts[0]?.toLowerCase().replace(/\/.*/, '')}`
      const before = seen.get(text)
      if (value && before !== undefined) throw new UsageError(`${file.where}:${value.line}: ${key} ${value.texts[0]} stands in line ${before} already`)
      if (value) seen.set(text, value.line)
    }
  }
}

function refuseShared(words: FlagWords, where: string, alsoNot: readonly string[] = []): void {
  const shared = [...ofOneMachine, ...alsoNot].find((name) => words.has(name))
  if (shared !== undefined) throw new UsageError(`${where}: --${shared} can be of one machine only`, `leave it out, or give each machine its own ${shared} in a file: -f FILE`)
}

function refuseStandardInput(words: FlagWords): void {
  const key = [...words].find(([, [first]]) => /^--[a-z-]+-file=-$/.test(first ?? ''))?.[0]
  if (key !== undefined) throw new UsageError(`--${key} - would be read once for each machine`, 'give a file that only its owner can read')
}

interface Place { file: MachinesFile, entry: FileEntry, name: string }

/** What is wrong with an entry, at its place: the line of the key that the message names, if the entry or the defaults have it. */
async function inPlace<T>({ file, entry, name }: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (caught) {
    const error = fromParser(caught, nearFlags)
    const key = /--([a-z][a-z-]*)/.exec(error instanceof Error ? error.message : '')?.[1] ?? ''
    const line = (entry.keys.get(key) ?? file.defaults.get(key) ?? entry).line
    throw placed(`${file.where}:${line}: ${name}: `, error)
  }
}

function placed(where: string, error: unknown): unknown {
  if (!(error instanceof BayError)) return error
  const hints = error.hints.filter((hint) => !hint.includes('--help'))
  return new UsageError(`${where}${error.message.replace(/^(?:flag )?--(?=[a-z])/, '')}`, ...hints)
}
