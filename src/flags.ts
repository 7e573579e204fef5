import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { checkName } from './names.js'
import { formats } from './output/format.js'
import { parseKeep, type Keep } from './retention.js'
import { parseDuration, parseSize } from './units.js'

/** A length of time, given as `90s` or `2m`, in milliseconds. */
export const durationFlag = Flags.custom<number>({ parse: (text, _, { name }) => Promise.resolve(parseDuration(text, `--${name}`)) })

/** A size, given as `512M` or `2G`, in bytes. */
export const sizeFlag = Flags.custom<number>({ parse: (text, _, { name }) => Promise.resolve(parseSize(text, `--${name}`)) })

/** What is kept of snapshots, given as `7d4w`. */
export const keepFlag = Flags.custom<Keep>({ parse: (text, _, { name }) => Promise.resolve(parseKeep(text, `--${name}`)) })

/** What every command takes. */
export const globalFlags = {
  'connect': Flags.string({
    char: 'c', helpGroup: 'GLOBAL', helpValue: 'URI',
    description: 'the host: a libvirt URI, an alias of libvirt.conf, or sandbox (default: $LIBVIRT_DEFAULT_URI, then libvirt\'s own choice)',
  }),
  'output': Flags.option({
    char: 'o', options: formats, helpGroup: 'GLOBAL', helpValue: formats.join('|'), description: 'form of the result (default: table)',
  })(),
  'json': Flags.boolean({ helpGroup: 'GLOBAL', description: 'the same as -o json' }),
  'quiet': Flags.boolean({ char: 'q', helpGroup: 'GLOBAL', description: 'print names only for lists, nothing for actions' }),
  'yes': Flags.boolean({ char: 'y', helpGroup: 'GLOBAL', description: 'answer yes to every question' }),
  'no-input': Flags.boolean({ helpGroup: 'GLOBAL', description: 'never ask; what would be asked is an error' }),
  'lock': Flags.string({
    helpGroup: 'GLOBAL', helpValue: 'NAME', parse: (name) => Promise.resolve(checkName('lock', name)),
    description: 'have this lock for the whole run; while another run has it, end at once with exit code 75',
  }),
}

/** What every list takes. */
export const listFlags = {
  'columns': Flags.string({
    multiple: true, multipleNonGreedy: true, helpValue: 'A,B', description: 'the columns to show, in this order',
  }),
  'sort': Flags.string({ helpValue: '[-]COLUMN', description: 'sort by this column; with - the highest first' }),
  'filter': Flags.string({
    multiple: true, multipleNonGreedy: true, helpValue: 'KEY=VALUE',
    description: 'only rows where this holds: k=v, k!=v, or k~=REGEX; repeatable',
  }),
  'no-headers': Flags.boolean({ description: 'leave out the line of column names' }),
}

/** What every command takes that changes something. */
export const changeFlags = {
  'dry-run': Flags.boolean({ description: 'show what would be done; nothing is changed' }),
}

/** What every verb takes that works on many existing objects. */
export const manyFlags = {
  ...changeFlags,
  all: Flags.boolean({ description: 'work on all of them' }),
  parallel: Flags.integer({ min: 1, max: 64, default: 4, helpValue: 'N', description: 'how many to work on at the same time' }),
}

export const offFlag = Flags.boolean({ description: 'switch it off instead of on' })

export const timeoutFlag = durationFlag({ helpValue: 'TIME', description: 'give up after this time, such as 90s or 5m; exit code 124' })

/** What the makers of networks and pools take. */
export const bringUpFlags = {
  'autostart': Flags.boolean({ allowNo: true, default: true, description: 'start it with its host; --no-autostart for not' }),
  'no-start': Flags.boolean({ description: 'do not start it now' }),
}

export const ifMissingFlag = Flags.boolean({ description: 'leave one of that name alone instead of failing' })

/** The name of one volume. */
export const volumeArg = { name: Args.string({ required: true, description: 'the volume, as POOL/NAME' }) }

const kindNames = { vm: 'machine', net: 'network', pool: 'pool', filter: 'filter' }

/** The names of existing objects: several, and globs. Left out only with --all. */
export function nameArgs(kind: keyof typeof kindNames) {
  return { name: Args.string({ multiple: true, description: `${kindNames[kind]} names; globs such as 'web-*' work in quotes` }) }
}

/** The name of one existing object, or of one to be made. */
export function nameArg(kind: keyof typeof kindNames) {
  return { name: Args.string({ required: true, description: `the ${kindNames[kind]}'s name` }) }
}
