import { expect } from 'chai'
import { splitWords, editorWords } from '../../src/editor.js'
import { UsageError } from '../../src/errors.js'
import { readSetWords, setKeys } from '../../src/set-keys.js'
import { saidOfSet } from '../../src/set-said.js'
import type { SetField } from '../../src/virt/ops/set-field.js'
import type { SetVm } from '../../src/virt/ops/set-vm.js'
import { thrown } from './thrown.js'

const GiB = 2 ** 30

describe('the words of vm set', () => {
  it('are names, and settings behind a =', () => {
    expect(readSetWords(['web-1', 'vcpus=4', 'db-*', 'memory=1.5G', 'description=a=b c', 'autostart=on', 'title='])).to.deep.equal({
      names: ['web-1', 'db-*'], autostart: true, settings: { vcpus: 4, memory: 1.5 * GiB, description: 'a=b c', title: null },
    })
    expect(readSetWords(['x', 'boot=hd,cdrom,52:54:00:00:00:01', 'topology=2x4x1', 'cpu=EPYC-Rome']).settings).to.deep.equal({
      boot: ['disk', 'cdrom', '52:54:00:00:00:01'], topology: { sockets: 2, dies: 1, cores: 4, threads: 1 }, cpu: 'EPYC-Rome',
    })
    expect(readSetWords(['x', 'topology=2x3x4x1']).settings.topology).to.deep.equal({ sockets: 2, dies: 3, cores: 4, threads: 1 })
    expect(readSetWords(['x', 'topology=', 'memory=1500000B']).settings).to.deep.equal({ topology: null, memory: 2 * 2 ** 20 })
  })

  const refused: Record<string, RegExp> = {
    'vcpu=4': /^"vcpu" is nothing that vm set can change.*did you mean vcpus=\?.*keys: vcpus, /s,
    '=4': /^"" is nothing/,
    'vcpus=': /^vcpus is a number from 1 to 4096, not ""/, 'vcpus=0': /1 to 4096/, 'vcpus=4097': /1 to 4096/, 'vcpus=-1': /1 to 4096/, 'vcpus=1e3': /1 to 4096/,
    'memory=2048': /has no unit/, 'memory=1B': /between 1M and 64T/, 'memory=': /is not a size/, 'max-memory=1P': /between 1M and 64T/,
    'cpu=': /is no CPU/, 'cpu=a b': /is no CPU/, 'boot=': /nothing between|is no order/, 'boot=disk,,cdrom': /is no order/, 'boot=disk,disk': /disk twice/,
    'topology=2x4': /is none/, 'topology=0x1x1': /is none/, 'topology=100x100x100': /is none/,
    'balloon=on': /one of virtio, none/, 'autostart=yes': /one of on, off/, 'on-crash=restrat': /did you mean on-crash=restart\?/,
    'title=a\nb': /only one line/, 'description=\0': /control character/, 'description=a\x1b[0m': /control character/,
  }
  for (const [word, says] of Object.entries(refused)) {
    it(`refuses ${JSON.stringify(word)}`, async () => {
      const error = await thrown(() => readSetWords(['x', word])) as UsageError
      expect(error).to.be.instanceOf(UsageError)
      expect([error.message, ...error.hints].join('\n')).to.match(says)
    })
  }

  it('refuses a key that is said twice, and nothing to change', () => {
    expect(() => readSetWords(['x', 'vcpus=1', 'vcpus=2'])).to.throw(UsageError, 'vcpus is given twice')
    expect(() => readSetWords(['x'])).to.throw(UsageError, 'nothing is to be changed')
  })

  it('have a value to write for each key', () => {
    for (const [key, { value, words = [], parse }] of Object.entries(setKeys)) {
      expect(value, key).to.match(/\w/)
      for (const word of words) expect(() => parse(word, key), `${key}=${word}`).not.to.throw()
    }
  })
})

describe('what vm set says', () => {
  const field = (more: Partial<SetField>): SetField => ({ field: 'vcpus', before: 2, after: 4, running: 4, effect: 'now', changed: true, note: null, ...more })
  const said = (fields: Partial<SetField>[], more: Partial<SetVm> = {}) =>
    saidOfSet({ changed: true, restarted: false, saved: false, fields: fields.map(field), ...more }, { dryRun: false })

  it('one line, with when each counts', () => {
    expect(said([{}, { field: 'memory', before: 2 * GiB, after: 8 * GiB, effect: 'needs-stop' }]))
      .to.equal('vcpus 2 → 4 now; memory 2G → 8G after a stop and a start (--restart)')
    expect(said([{ effect: 'next-boot' }, { field: 'description', before: 'a', after: null }])).to.equal('description removed now; vcpus 2 → 4 at its next start')
    expect(said([{ effect: null, changed: false }])).to.equal('is already so')
    expect(said([{ effect: 'needs-stop' }], { saved: true })).to.contain('its saved run goes on with the old')
    expect(said([{}], { restarted: true })).to.equal('vcpus 2 → 4 now; it was stopped and started')
    expect(said([{ field: 'memory', before: 2 * GiB, after: GiB, running: 2 * GiB, effect: 'asked' }])).to.contain('memory 2G → 1G (so far 2G) asked of its guest')
  })
})

describe('the editor', () => {
  it('is split into words without a shell', () => {
    for (const [text, words] of [
      ['vi', ['vi']], ['code --wait', ['code', '--wait']], [`sed -i 's/a b/c/'`, ['sed', '-i', 's/a b/c/']],
      ['"/opt/my editor/e" -x', ['/opt/my editor/e', '-x']], ['a\\ b c', ['a b', 'c']], ['e $(id) `id` ; rm', ['e', '$(id)', '`id`', ';', 'rm']],
      ['"a\\"b" \'\'', ['a"b', '']], ['  e   -x  ', ['e', '-x']], [`a'b'"c"d`, ['abcd']],
    ] as const) expect(splitWords(text, '$EDITOR'), text).to.deep.equal(words)
    for (const open of [`sed 's/a`, 'e "x', 'e \\']) expect(() => splitWords(open, '$EDITOR'), open).to.throw(UsageError, 'not closed')
  })

  it('is $VISUAL before $EDITOR; blanks are none', () => {
    expect(editorWords({ VISUAL: 'v', EDITOR: 'e' })).to.deep.equal(['v'])
    expect(editorWords({ VISUAL: ' ', EDITOR: 'e -x' })).to.deep.equal(['e', '-x'])
    expect(editorWords({})).to.equal(null)
  })
})
