import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { lines, suiteRig, type Rig } from './rig.js'

interface Finding { code: string, vm: string | null, filter: string | null, text: string, fix: string }

// Each thing that the audit finds is provoked, and what it prints as the fix is done: then it is gone.
describe('bay filter audit on a host', function () {
  this.timeout(300_000)
  let rig: Rig
  /** A pool of words, as a shell takes them: names here have no blanks. */
  const typed = async (fix: string, stdin?: string) => {
    for (const line of fix.split(' && ')) {
      const { code, stdout, stderr } = await rig.bay(line.split(' ').slice(1), { stdin })
      expect(code, `${line}: ${stdout}${stderr}`).to.equal(0)
    }
  }
  /** What is found of what this test made, but that it is used by nobody. */
  const found = async (): Promise<Finding[]> => {
    const audit = await rig.bay(['filter', 'audit', '--json'])
    const all = audit.json() as Finding[]
    expect(audit.code).to.equal(all.length > 0 ? 3 : 0)
    return all.filter(({ code: kind, vm, filter }) => kind !== 'unused' && [vm, filter].some((name) => name?.startsWith('fx')))
  }
  const codes = async () => (await found()).map(({ code, filter }) => `${code} ${filter}`)
  const only = async (): Promise<Finding> => {
    const [first, ...more] = await found()
    expect(more).to.deep.equal([])
    return first ?? expect.fail('nothing was found')
  }
  const virshDefine = async (command: string, xml: string) => {
    const file = join(rig.files, 'fx.xml')
    writeFileSync(file, xml)
    await rig.virsh(command, file)
  }
  const tapOf = async () => lines(await rig.virsh('domiflist', 'fx')).map((line) => line.trim().split(/\s+/)[0] ?? '')[0] ?? ''
  const rulesOn = async (tap: string) => (await rig.host.exec(['iptables', '-S', `FO-${tap}`])).stdout

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    const { code, stderr } = await rig.bay(['filter', 'create', '-f', '-'], { stdin: 'filters: [{name: fx-web, needs: [arp], rules: [https]}, {name: fx-db, needs: [arp], rules: [postgresql]}]' })
    expect(code, stderr).to.equal(0)
    await rig.does('vm', 'create', 'fx', ...rig.deaf, '--network', rig.network)
  })
  after(async () => {
    await rig?.clean('fx')
    const names = lines(await rig.virsh('nwfilter-list')).map((line) => line.trim().split(/\s+/)[1] ?? '')
    for (const name of names.filter((each) => /^(fx-|bay-)/.test(each)).sort()) await rig.virsh('nwfilter-undefine', name)
  })

  it('a machine without a filter', async () => {
    const { code, fix } = await only()
    expect(code).to.equal('no-filter')
    await typed(fix.replace('FILTER', 'fx-web'))
    expect(await found()).to.deep.equal([])
  })

  it('a filter that is not in force, or another one that is: the fix brings it back as it was', async () => {
    const tap = await tapOf()
    const xml = await rig.virsh('dumpxml', 'fx')
    const binding = await rig.virsh('nwfilter-binding-dumpxml', tap)
    await rig.virsh('nwfilter-binding-delete', tap)
    expect(await rulesOn(tap)).not.to.contain('--dport 443')
    const gone = await only()
    expect(gone).to.include({ code: 'binding', vm: 'fx', text: 'in force is nothing, not fx-web' })
    await typed(gone.fix)
    expect(await found()).to.deep.equal([])
    expect(await rulesOn(tap)).to.contain('--dport 443')
    await rig.virsh('nwfilter-binding-delete', tap)
    await virshDefine('nwfilter-binding-create', binding.replaceAll('fx-web', 'fx-db'))
    const other = await only()
    expect(other).to.include({ code: 'binding', vm: 'fx', text: 'in force is fx-db, not fx-web' })
    await typed(other.fix)
    expect(await found()).to.deep.equal([])
    expect(await rulesOn(tap)).to.contain('--dport 443').and.not.to.contain('5432')
    const without = (text: string) => text.replace(/ portid='[^']*'/, '')
    expect(without(await rig.virsh('dumpxml', 'fx'))).to.equal(without(xml))
  })

  it('a definition that says another filter than the machine runs with', async () => {
    await virshDefine('define', (await rig.virsh('dumpxml', '--inactive', 'fx')).replace('fx-web', 'fx-db'))
    const { code, text, fix } = await only()
    expect(`${code}: ${text}`).to.equal('binding: in force is fx-web, and fx-db from the next start on')
    await typed(fix)
    expect(await found()).to.deep.equal([])
    expect(await rulesOn(await tapOf())).to.contain('--dport 5432')
  })

  it('a reference of a machine, or of a filter, to nothing', async () => {
    await rig.virsh('destroy', 'fx')
    await virshDefine('define', (await rig.virsh('dumpxml', '--inactive', 'fx')).replace('fx-db', 'fx-gone'))
    const machine = await only()
    expect(machine.code).to.equal('dangling')
    await typed(machine.fix.replace('FILE', '-'), 'rules: [https]')
    expect(await found()).to.deep.equal([])
    await virshDefine('nwfilter-define', '<filter name="fx-outer"><filterref filter="fx-inner"/></filter>')
    const filter = await only()
    expect(filter).to.include({ code: 'dangling', filter: 'fx-outer' })
    await typed(filter.fix.replace('FILE', '-'), 'rules: [https]')
    expect(await found()).to.deep.equal([])
  })

  it('no drop at the end, or none for IPv6: the filter as the rule language says it, with another default', async () => {
    await rig.virsh('nwfilter-undefine', 'fx-gone')
    const drop = (protocol: string) => `<rule action="drop" direction="inout" priority="1000"><${protocol}/></rule>`
    for (const [code, end] of [['fail-open', ''], ['no-ipv6', drop('all')]] as const) {
      await virshDefine('nwfilter-define', `<filter name="fx-gone"><rule action="accept" direction="in"><tcp dstportstart="80"/></rule>${end}</filter>`)
      const finding = await only()
      expect(finding.code).to.equal(code)
      expect(finding.fix).to.equal('bay filter show -o yaml fx-gone > rules.yaml, in it default: drop, and then bay filter create -f rules.yaml --replace')
      const rules = await rig.does('filter', 'show', 'fx-gone', '-o', 'yaml')
      await typed('bay filter create -f - --replace', rules.replace('default: accept', 'default: drop'))
      expect(await found()).to.deep.equal([])
      await rig.virsh('nwfilter-undefine', 'fx-gone')
    }
  })

  it('a rule that lost its ports, and one without an effect', async () => {
    const define = (protocol: string, direction: string) => virshDefine(
      'nwfilter-define', `<filter name="fx-gone"><rule action="accept" direction="${direction}">${protocol}</rule>${['all', 'all-ipv6'].map((each) =>
        `<rule action="drop" direction="inout" priority="1000"><${each}/></rule>`).join('')}</filter>`,
    )
    await define('<all dstportstart="80"/>', 'in')
    expect(await codes()).to.deep.equal(['accepts-all fx-gone'])
    await rig.virsh('nwfilter-undefine', 'fx-gone')
    await define('<tcp dstportstart="80"/>', 'in')
    expect(await codes()).to.deep.equal([])
    await rig.virsh('nwfilter-undefine', 'fx-gone')
    await define('<icmp type="8"/>', 'inout')
    expect(await codes()).to.deep.equal(['no-effect fx-gone'])
    await rig.virsh('nwfilter-undefine', 'fx-gone')
    await define('<icmp type="8"/>', 'in')
    expect(await codes()).to.deep.equal([])
  })

  it('filters that nobody uses, each after those that include it', async () => {
    await rig.virsh('undefine', 'fx')
    const unused = (JSON.parse((await rig.bay(['filter', 'audit', '--json'])).stdout) as Finding[]).filter(({ code, filter }) => code === 'unused' && filter?.startsWith('fx-'))
    expect(unused.map(({ filter }) => filter)).to.have.members(['fx-web', 'fx-db', 'fx-gone', 'fx-outer', 'fx-inner'])
    for (const { fix } of unused) await typed(fix)
    expect(await rig.virsh('nwfilter-list')).not.to.contain(' fx-')
  })
})
