import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lines, suiteRig, type Rig } from './rig.js'

// Network filters as an operator defines and removes them, on a libvirtd with its stock filters.
describe('bay filter on a host', function () {
  this.timeout(60_000)
  let rig: Rig
  const define = (xml: string, ...args: string[]) => rig.bay(['filter', 'define', '-', ...args], { stdin: xml })

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
  })
  after(async () => {
    await rig?.clean('ft-')
    const names = lines(await rig.virsh('nwfilter-list')).map((line) => line.trim().split(/\s+/)[1] ?? '')
    for (const name of names.filter((each) => each.startsWith('ft-')).sort().reverse()) await rig.virsh('nwfilter-undefine', name)
  })

  it('defines one, redefines it under its UUID, shows and deletes it', async () => {
    const made = (await define(web('80'), '--json')).json() as { uuid: string }
    expect(made).to.include({ action: 'define', kind: 'filter', name: 'ft-web', changed: true })
    expect((await define(web('80'), '--json')).json()).to.include({ changed: false, uuid: made.uuid })
    expect((await define(web('85'), '--json', '--dry-run')).json()).to.include({ changed: true, dryRun: true })
    expect((await define(web('81'), '--json')).json()).to.include({ changed: true, uuid: made.uuid })
    expect(await rig.json('filter', 'show', 'ft-web')).to.deep.equal({
      name: 'ft-web', uuid: made.uuid, chain: 'root', priority: null, usedBy: [], referencedBy: [],
      references: [{ filter: 'clean-traffic', parameters: [] }],
      rules: [{
        action: 'accept', direction: 'in', priority: 100, statematch: true, protocol: 'tcp',
        attributes: { dstportstart: '81', dstportend: '90' }, comment: 'a < b & c',
      }],
    })
    expect(await rig.does('filter', 'list', '--filter', 'name=ft-web')).to.match(/^NAME +CHAIN +INCLUDES\nft-web +root +clean-traffic$/)
    expect(await rig.does('filter', 'xml', 'ft-web')).to.equal(await rig.virsh('nwfilter-dumpxml', 'ft-web'))
    expect(await rig.json('filter', 'delete', 'ft-web')).to.include({ changed: true })
    expect(await rig.virsh('nwfilter-list')).not.to.contain('ft-web')
    expect(await rig.bay(['filter', 'delete', 'ft-web'])).to.include({ code: 4 })
  })

  it('defines several in the order of their files, so that one may include those before it', async () => {
    const files = [join(rig.files, 'ft-a.xml'), join(rig.files, 'ft-b.xml')] as const
    await writeFile(files[0], web('80').replace('ft-web', 'ft-a'))
    await writeFile(files[1], web('81').replace('ft-web', 'ft-b').replace('clean-traffic', 'ft-a'))
    expect(await rig.does('filter', 'define', ...files, '--dry-run')).to.equal('filter ft-a (dry run): would be defined\nfilter ft-b (dry run): would be defined')
    const reversed = await rig.bay(['filter', 'define', ...files.toReversed()])
    expect(reversed).to.include({ code: 7, stdout: 'filter ft-a: defined\n' })
    expect(reversed.stderr).to.match(/filter ft-b: .*ft-b\.xml: it includes the filter ft-a, which does not exist/)
    expect(await rig.does('filter', 'define', ...files)).to.equal('filter ft-a: already defined so\nfilter ft-b: defined')
    await rig.does('filter', 'delete', 'ft-b', 'ft-a')
  })

  it('lists the stock filters with the keys of the contract', async () => {
    const rows = await rig.json<{ name: string }[]>('filter', 'list')
    expect(rows.map(({ name }) => name)).to.include.members(['clean-traffic', 'no-arp-spoofing'])
    for (const row of rows) expect(row).to.have.all.keys('name', 'uuid', 'chain', 'priority', 'references')
  })

  const bad: [what: string, xml: string, says: RegExp][] = [
    ['a filter that does not exist', web('80').replace('clean-traffic', 'ft-nope'), /it includes the filter ft-nope, which does not exist/],
    ['itself', web('80').replace('clean-traffic', 'ft-web'), /includes itself/],
    ['a range upside down', web('99'), /rule 1: its ports end before they begin/],
    ['a priority out of range', web('80').replace('"100"', '"5000"'), /standard input: libvirt refuses it: .*priority/],
    ['ports on every protocol', web('80').replace('<tcp', '<all'), /standard input: libvirt refuses it: .*all/],
    ['a protocol of its own', web('80').replace('<tcp', '<quic'), /standard input: libvirt refuses it: .*quic/],
    ['a name that leads out', web('80').replace('ft-web', '../../ft-web'), /filter name "\.\.\/\.\.\/ft-web" has the character/],
  ]
  it('refuses what libvirt would take and get wrong', async () => {
    for (const [what, xml, says] of bad) {
      const result = await define(xml)
      expect(result, what).to.include({ code: 2, stdout: '' })
      expect(result.stderr, what).to.match(says)
    }
    expect(await rig.virsh('nwfilter-list')).not.to.contain('ft-web')
  })

  it('keeps one that a machine or another filter uses', async () => {
    await define(web('80'))
    await define('<filter name="ft-outer"><filterref filter="ft-web"/></filter>')
    await rig.does('vm', 'create', 'ft-vm', ...rig.deaf, '--network', rig.network, '--filter', 'ft-outer')
    const [nic] = lines(await rig.virsh('domiflist', 'ft-vm')).map((line) => line.trim().split(/\s+/)[4])
    expect(await rig.json('filter', 'show', 'ft-outer')).to.deep.include({ usedBy: [{ vm: 'ft-vm', mac: nic }] })
    const [inner, outer] = await Promise.all(['ft-web', 'ft-outer'].map((name) => rig.bay(['filter', 'delete', name])))
    expect([inner?.code, outer?.code]).to.deep.equal([5, 5])
    expect(inner?.stderr).to.contain('filters include the filter ft-web: ft-outer')
    expect(outer?.stderr).to.contain('machines use the filter ft-outer: ft-vm')
    await rig.virsh('destroy', 'ft-vm')
    expect(await rig.bay(['filter', 'delete', 'ft-outer'])).to.include({ code: 5 })
    await rig.clean('ft-')
    await rig.does('filter', 'delete', 'ft-outer')
    await rig.does('filter', 'delete', 'ft-web')
  })
})

function web(from: string): string {
  return `<filter name="ft-web"><filterref filter="clean-traffic"/>
    <rule action="accept" direction="in" priority="100"><tcp dstportstart="${from}" dstportend="90" comment="a &lt; b &amp; c"/></rule></filter>`
}
