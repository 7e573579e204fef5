import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { lines, suiteRig, type Rig } from './rig.js'

describe('bad input: names of machines', function () {
  this.timeout(60_000)
  let rig: Rig
  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.does('vm', 'create', 'name', ...rig.deaf, '--network', 'none', '--no-start')
  })
  after(() => rig?.clean('name'))

  for (const [verb, each, command] of [
    ['create', 1, (name: string) => ['vm', 'create', '--virt', 'qemu', '--network', 'none', '--empty', '--disk', '1M', '--no-start', '--', name]],
    ['rename', 4, (name: string) => ['vm', 'rename', '--', 'name', name]],
  ] as const) {
    it(`${verb} refuses each that nobody could type, read or tell from another thing`, async function () {
      const names = refused.filter((_, index) => index % each === 0)
      this.timeout(5000 * names.length)
      const asItWas = await rig.everything()
      for (const name of names) {
        const { code, stdout, stderr } = await rig.bay(command(name))
        expect({ code, stdout }, `${JSON.stringify(name)}: ${stderr}`).to.deep.equal({ code: 2, stdout: '' })
        expect(stderr, JSON.stringify(name)).to.match(/^bay: machine name ".*" .+\n {2}try: use 1 to 64 of .*\n$/)
        expect(controls.exec(stderr.replaceAll('\n', '')), JSON.stringify(name)).to.equal(null)
      }
      expect(await rig.everything()).to.deep.equal(asItWas)
    })
  }

  it("another's name is taken, for both", async () => {
    await rig.does('vm', 'create', 'name-2', ...rig.deaf, '--network', 'none', '--no-start')
    const asItWas = await rig.everything()
    expect((await rig.bay(['vm', 'rename', 'name', 'name-2'])).code).to.equal(5)
    expect((await rig.bay(['vm', 'create', 'name-2', ...rig.deaf, '--network', 'none'])).code).to.equal(5)
    // A machine that keeps its disks under another name has them where a new one would make its own.
    expect((await rig.bay(['vm', 'rename', 'name-2', 'name-3'])).code).to.equal(0)
    const { code, stderr } = await rig.bay(['vm', 'create', 'name-2', ...rig.deaf, '--network', 'none'])
    expect(code).to.equal(5)
    expect(stderr).to.match(/^bay: the pool default has a volume name-2\.qcow2 already/)
    await rig.does('vm', 'rename', 'name-3', 'name-2')
    expect(await rig.everything()).to.deep.equal(asItWas)
  })

  it('verbs on machines that do not exist say so, whatever the name', async () => {
    for (const name of ['', ' ', '12', '..', '/', 'a\nb', '\x1b]0;x\x07', 'x'.repeat(300), '💥', '6695eb01-f6a4-8304-79aa-97f2502e193f']) {
      const { code, stdout, stderr } = await rig.bay(['vm', 'stop', '--', name])
      expect({ code, stdout }, `${JSON.stringify(name)}: ${stderr}`).to.deep.equal({ code: 4, stdout: '' })
      expect(controls.exec(stderr.replaceAll('\n', '')), JSON.stringify(name)).to.equal(null)
    }
  })
})

describe('bad input: machines that others named', function () {
  this.timeout(60_000)
  let rig: Rig
  before('they are defined with virsh', async () => {
    rig = await suiteRig()
    for (const [index, name] of strange.entries()) {
      const file = join(rig.files, `strange-${index}.xml`)
      await writeFile(file, `<domain type='qemu'><name>${inXml(name)}</name><description>strange</description>
        <memory unit='MiB'>8</memory><os><type arch='x86_64'>hvm</type></os></domain>`)
      await rig.virsh('define', file)
    }
  })
  after('what is left of them is removed by its UUID', async () => {
    for (const uuid of lines(await rig.virsh('list', '--all', '--uuid'))) {
      if ((await rig.virsh('dumpxml', uuid)).includes('<description>strange</description>')) await rig.virsh('undefine', uuid)
    }
  })

  // csv and xml have no escapes for it: what they hold is for programs.
  it('are listed, and none controls the terminal', async () => {
    for (const form of ['table', 'wide', 'json', 'yaml', 'name']) {
      const out = await rig.does('vm', 'list', '-o', form)
      expect(controls.exec(out.replaceAll('\n', ''))?.[0], form).to.equal(undefined)
    }
    const rows = await rig.json<{ name: string }[]>('vm', 'list')
    expect(rows.map(({ name }) => name)).to.include.members(strange)
    expect(lines(await rig.does('vm', 'list', '--no-headers'))).to.have.length(rows.length)
  })

  it('are shown by their real names', async () => {
    for (const name of strange) {
      expect(await rig.json('vm', 'show', '--', name), name).to.include({ name, description: 'strange' })
    }
    for (const name of strange.filter((each) => controls.test(each))) {
      expect(controls.exec((await rig.does('vm', 'show', '--', name)).replaceAll('\n', '')), name).to.equal(null)
    }
  })

  it('are deleted by their real names, each alone', async () => {
    const count = async () => lines(await rig.virsh('list', '--all', '--uuid')).length
    for (const name of strange) {
      const there = await count()
      const deleted = await rig.bay(['vm', 'delete', '--yes', '-o', 'json', '--', name])
      expect([deleted.json()].flat(), name).to.have.nested.property('[0].name', name)
      expect(await count(), name).to.equal(there - 1)
    }
    const left = await rig.json<{ name: string }[]>('vm', 'list')
    expect(left.filter(({ name }) => strange.includes(name))).to.be.empty
  })
})

const refused = [
  '', ' ', 'a b', 'a\tb', 'a\nb', 'a\rb', 'a\x1b]0;x\x07b', '/', 'a/b', '.', '..', '../x', 'a&b', 'a<b', 'a"b', "a'b", 'x'.repeat(300), '12', '0',
  '6695eb01-f6a4-8304-79aa-97f2502e193f', '6695eb01f6a4830479aa97f2502e193f', '-', '-rf', '--help', 'a\u202eb', 'ä', 'web*', '$(id)', 'a;b', 'a@b',
]

/** What libvirt takes for a name in spite of all. XML has neither ESC nor BEL, but the one-character CSI of the C1 set. */
const strange = [
  `a&<"'b`, 'tab\there', 'cr\rhere', 'csi\u009b31mred', 'bidi\u202egnp.exe', 'zero\u200bwidth', ' blanks ', '4711', '--help', '-rf',
  '$(id)', 'any*', '6695eb01-f6a4-8304-79aa-97f2502e193f', 'größe', '💥'.repeat(30),
]

const controls = /[\x00-\x1f\x7f-\x9f\u200b\u202e]/

function inXml(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9]/gu, (character) => `&#${character.codePointAt(0)};`)
}
