import { expect } from 'chai'
import { candidates } from '../../src/completion/candidates.js'
import type { CommandEntry, FlagEntry, Manifest } from '../../src/completion/manifest.js'

const shared: Record<string, FlagEntry> = {
  connect: { name: 'connect', char: 'c', type: 'option', helpGroup: 'GLOBAL' },
  output: { name: 'output', char: 'o', type: 'option', helpGroup: 'GLOBAL', options: ['table', 'json'] },
  quiet: { name: 'quiet', char: 'q', type: 'boolean', helpGroup: 'GLOBAL' },
}

function command(id: string, more: Partial<CommandEntry> = {}): CommandEntry {
  return { id, summary: `it does ${id}`, args: {}, ...more, flags: { ...shared, ...more.flags } }
}

const many = { name: { name: 'name', multiple: true } }
const commands = [
  command('vm:list', { flags: { filter: { name: 'filter', type: 'option', helpValue: 'KEY=VALUE' } } }), command('vm:start', { args: many }), command('vm:show', { args: { name: { name: 'name' } } }),
  command('vm:create', {
    args: { name: { name: 'name' } },
    flags: {
      network: { name: 'network', type: 'option', helpValue: 'NET|bridge=BR|user|none' }, filter: { name: 'filter', type: 'option', helpValue: 'FILTER' },
      start: { name: 'start', type: 'boolean', allowNo: true }, secret: { name: 'secret', type: 'boolean', hidden: true },
    },
  }),
  command('vm:rename', { args: { name: { name: 'name' }, newName: { name: 'newName' } } }),
  command('vm:define', { args: { file: { name: 'file' } } }),
  command('vm:attach:disk', { args: { name: { name: 'name' }, volume: { name: 'volume' } } }),
  command('vm:detach', { args: many }), command('vm:detach:cdrom', { args: { name: { name: 'name' } } }),
  command('snapshot:create', { args: many }), command('undo', { args: { name: { name: 'name' } } }),
  command('vol:list', { args: { pool: { name: 'pool' } } }), command('vol:show', { args: { name: { name: 'name' } } }),
  command('filter:apply', { args: { name: { name: 'name' }, vm: { name: 'vm', multiple: true } } }),
  command('completion', { args: { shell: { name: 'shell', options: ['bash', 'zsh'] } } }), command('hidden', { hidden: true }),
]
const manifest: Manifest = { commands: Object.fromEntries(commands.map((each) => [each.id, each])) }

function words(line: string): string[] {
  const found = candidates(manifest, line.split(' '))
  if (!Array.isArray(found)) throw new Error('names are wanted')
  return found.map(({ value }) => value)
}

function wanted(line: string) {
  const found = candidates(manifest, line.split(' '))
  if (Array.isArray(found)) throw new Error(`no names are wanted, but ${found.length} words`)
  return found
}

describe('completion', () => {
  it('offers topics and commands, and what they do', () => {
    expect(words('')).to.deep.equal(['vm', 'snapshot', 'undo', 'vol', 'filter', 'completion'])
    expect(words('vol ')).to.deep.equal(['list', 'show'])
    expect(words('vm attach ')).to.deep.equal(['disk'])
    expect(wanted('vm detach ')).to.deep.include({ kind: 'vm', also: [{ value: 'cdrom', about: 'it does vm:detach:cdrom' }] })
    expect(wanted('vm detach web ')).to.deep.include({ kind: 'vm', also: [] })
    expect(candidates(manifest, ['vol', 'l'])).to.deep.include({ value: 'list', about: 'it does vol:list' })
  })

  it('offers nothing after a command that is none', () => {
    expect(words('nonsense ')).to.deep.equal([])
    expect(words('vm nonsense ')).to.deep.equal([])
  })

  it('offers flags: the global ones before the command, all of its own after it, and no hidden ones', () => {
    expect(words('-')).to.include.members(['--connect', '-c', '--output']).and.not.include('--network')
    expect(words('vm create --')).to.include.members(['--connect', '--network', '--start', '--no-start', '--help']).and.not.include('--secret')
    expect(() => words('vm start -- -')).to.throw('names are wanted')
  })

  it('offers the values of flags', () => {
    for (const line of ['vm list -o ', '-o ', 'vm list --output ']) expect(words(line)).to.deep.equal(['table', 'json'])
    expect(words('vm list --output=j')).to.deep.equal(['--output=table', '--output=json'])
    expect(words('-c ')).to.include('sandbox')
    expect(wanted('vm create --network ')).to.deep.include({ kind: 'net', before: '', also: ['user', 'none'].map((value) => ({ value, about: '' })) })
    expect(wanted('vm create x --network=d')).to.include({ kind: 'net', before: '--network=' })
    expect(wanted('vm create x --filter ')).to.include({ kind: 'filter' })
    expect(words('vm list --filter ')).to.deep.equal([])
    expect(words('completion ')).to.deep.equal(['bash', 'zsh'])
  })

  it('knows what kind of name an argument is', () => {
    expect(wanted('vm show ')).to.include({ kind: 'vm' })
    expect(wanted('vol list ')).to.include({ kind: 'pool' })
    expect(wanted('vol show ')).to.include({ kind: 'vol' })
    expect(wanted('filter apply ')).to.include({ kind: 'filter' })
    expect(wanted('filter apply web ')).to.include({ kind: 'vm' })
    expect(wanted('vm attach disk ')).to.include({ kind: 'vm' })
    expect(wanted('vm attach disk web ')).to.include({ kind: 'vol' })
    for (const line of ['snapshot create ', 'undo ']) expect(wanted(line)).to.include({ kind: 'vm' })
  })

  it('offers no names for what is new, for files, and where nothing more may come', () => {
    for (const line of ['vm create ', 'vm rename a ', 'vm define ', 'vm show a ', 'vm list ']) expect(words(line)).to.deep.equal([])
  })

  it('leaves out names that are on the line', () => {
    expect(wanted('vm start a b ')).to.deep.include({ taken: ['a', 'b'] })
  })

  it('leaves out names that would be flags, but not after --', () => {
    expect(wanted('vm start ')).to.include({ noDash: true })
    for (const line of ['vm start -- ', 'vm create x --network=']) expect(wanted(line)).to.include({ noDash: false })
  })

  it('finds the host on the line', () => {
    for (const line of ['-c U vm show ', '-cU vm show ', '--connect=U vm show ', 'vm show -q -c U ', 'vm show --connect U ']) {
      expect(wanted(line)).to.include({ kind: 'vm', uri: 'U' })
    }
    expect(wanted('vm show ')).to.include({ uri: null })
    expect(wanted('vm start -- -c ')).to.deep.include({ uri: null, taken: ['-c'] })
  })
})
