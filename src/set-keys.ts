import { UsageError } from './errors.js'
import { suggest } from './names.js'
import { machineLimits } from './provision/machine-limits.js'
import { parseSize } from './units.js'
import { cpuModes } from './xml/domain-cpu.js'
import type { Settings } from './xml/domain-settings.js'
import type { Topology } from './xml/domain-vcpus.js'

/** What `vm set` was told to change. */
export interface SetRequest {
  names: string[]
  settings: Settings
  /** undefined stays */
  autostart: boolean | undefined
}

type Wanted = Settings & { autostart?: boolean }

interface Key<Name extends keyof Wanted> {
  /** what is written behind the = */
  value: string
  /** values to complete, for keys that take words */
  words?: readonly string[]
  parse: (text: string, key: string) => Wanted[Name]
}

const actions = ['destroy', 'restart', 'preserve', 'rename-restart'] as const
const crashActions = [...actions, 'coredump-destroy', 'coredump-restart'] as const

/** The keys, in the order in which help names them. */
export const setKeys: { readonly [Name in keyof Required<Wanted>]: Key<Name> } = {
  'vcpus': { value: 'N', parse: count },
  'max-vcpus': { value: 'N', parse: count },
  'topology': { value: 'SOCKETSxCORESxTHREADS', parse: (text) => text === '' ? null : topology(text) },
  'memory': { value: 'SIZE', parse: size },
  'max-memory': { value: 'SIZE', parse: size },
  'balloon': { value: 'virtio|none', words: ['virtio', 'none'], parse: (text, key) => oneOf(text, key, ['virtio', 'none'] as const) },
  'cpu': { value: `${cpuModes.join('|')}|MODEL`, words: cpuModes, parse: cpu },
  'boot': { value: 'disk|cdrom|network|TARGET|MAC,…', words: ['disk', 'cdrom', 'network', 'disk,cdrom', 'network,disk'], parse: bootOrder },
  'title': { value: 'TEXT', parse: (text, key) => text === '' ? null : lineOf(text, key) },
  'description': { value: 'TEXT', parse: (text, key) => text === '' ? null : carried(text, key) },
  'autostart': { value: 'on|off', words: ['on', 'off'], parse: (text, key) => oneOf(text, key, ['on', 'off'] as const) === 'on' },
  'on-poweroff': { value: 'destroy|restart|…', words: actions, parse: (text, key) => oneOf(text, key, actions) },
  'on-reboot': { value: 'restart|destroy|…', words: actions, parse: (text, key) => oneOf(text, key, actions) },
  'on-crash': { value: 'destroy|restart|…', words: crashActions, parse: (text, key) => oneOf(text, key, crashActions) },
}

const keyNames = Object.keys(setKeys) as (keyof Wanted)[]

/**
 * Tells names of machines from `key=value`: what has a = is a setting, since no machine that was made here has one in its name.
 * @throws UsageError for an unknown key, a value that is none of its key's, and a key that is said twice
 */
export function readSetWords(words: readonly string[]): SetRequest {
  const names = words.filter((word) => !word.includes('='))
  const wanted: Wanted = {}
  for (const word of words.filter((each) => each.includes('='))) {
    const at = word.indexOf('=')
    const key = keyNamed(word.slice(0, at))
    if (key in wanted) throw new UsageError(`${key} is given twice`)
    Object.assign(wanted, { [key]: setKeys[key].parse(word.slice(at + 1), key) })
  }
  if (Object.keys(wanted).length === 0) throw new UsageError('nothing is to be changed', 'give KEY=VALUE, such as vcpus=4', keyList())
  const { autostart, ...settings } = wanted
  return { names, settings, autostart }
}

function keyNamed(text: string): keyof Wanted {
  const key = keyNames.find((each) => each === text)
  if (key !== undefined) return key
  const near = suggest(text, keyNames).map((each) => `did you mean ${each}=?`)
  throw new UsageError(`"${text}" is nothing that vm set can change`, ...near, keyList(), 'everything else: bay vm edit')
}

function keyList(): string {
  return `keys: ${keyNames.join(', ')}`
}

/** As `vm define` bounds them: a number that is absurd ends libvirtd itself. */
const mostVcpus = 4096

function count(text: string, key: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > mostVcpus) throw new UsageError(`${key} is a number from 1 to ${mostVcpus}, not "${text}"`)
  return number
}

/** Bytes of memory in whole MiB, as `vm create` takes them. */
function size(text: string, key: string): number {
  const bytes = parseSize(text, key)
  const { min, max, step, range } = machineLimits.memory
  if (bytes < min || bytes > max) throw new UsageError(`${key}: ${range}, please, not ${text}`)
  return Math.ceil(bytes / step) * step
}

/** `2x4x1`, or with dies in the second place `2x1x4x1`. */
function topology(text: string): Topology {
  const numbers = /^\d{1,4}(x\d{1,4}){2,3}$/.test(text) ? text.split('x').map(Number) : []
  const [sockets = 0, ...rest] = numbers
  const [threads = 0, cores = 0, dies = 1] = rest.reverse()
  const product = sockets * dies * cores * threads
  if (product < 1 || product > mostVcpus) {
    throw new UsageError(`topology "${text}" is none`, `SOCKETSxCORESxTHREADS, such as 2x4x1: 8 CPUs, at most ${mostVcpus}`, 'topology= removes it')
  }
  return { sockets, dies, cores, threads }
}

function cpu(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text
  throw new UsageError(`cpu "${text}" is no CPU`, `cpu=${cpuModes.join(', cpu=')}, or a model such as cpu=qemu64`)
}

function bootOrder(text: string): string[] {
  const words = text.split(',').map((word) => word === 'hd' ? 'disk' : word)
  const twice = words.find((word, at) => words.indexOf(word) !== at)
  if (twice !== undefined) throw new UsageError(`boot has ${twice === '' ? 'nothing between two commas' : `${twice} twice`}`)
  if (!words.every((word) => /^[A-Za-z0-9:]+$/.test(word))) {
    throw new UsageError(`boot "${text}" is no order`, 'boot=disk,cdrom,network, or targets of disks and MAC addresses: boot=vda,52:54:00:12:34:56')
  }
  return words
}

function carried(text: string, key: string): string {
  const forbidden = /[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u
  if (forbidden.test(text)) throw new UsageError(`${key} has a control character, or what is no text`)
  if (text.length > 65_536) throw new UsageError(`${key} is longer than 65536 characters`)
  return text
}

function lineOf(text: string, key: string): string {
  if (/\n/.test(text)) throw new UsageError(`${key} has only one line`, 'description= takes several')
  return carried(text, key)
}

function oneOf<T extends string>(text: string, key: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text)
  if (found !== undefined) return found
  throw new UsageError(`${key} is one of ${allowed.join(', ')}, not "${text}"`, ...suggest(text, allowed).map((each) => `did you mean ${key}=${each}?`))
}
