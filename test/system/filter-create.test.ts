import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { lines, suiteRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'
/** libvirt calls a program for each rule of each interface, which a busy machine takes its time for. */
const timeout = 500_000

interface Written { name: string, changed: boolean, uuid: string, interfaces: string[] }

// Rules in the rule language, on a libvirtd with a guest that runs.
describe('bay filter create on a host', function () {
  this.timeout(600_000)
  let rig: Rig
  const create = (yaml: string, ...args: string[]) => rig.bay(['filter', 'create', '-f', '-', '--json', ...args], { stdin: yaml, timeout })
  const dumps = async () => (await Promise.all(['fc-a', 'fc-b', 'fc-c', 'fc-d', 'fc-e'].map((name) => rig.virsh('nwfilter-dumpxml', name)))).join('\n')
  const five = (port: number, third = '') => `filters:
  - {name: fc-e, needs: none, inherit: fc-d, rules: [tcp/${port}]}
  - {name: fc-d, needs: none, inherit: fc-c, rules: [tcp/${port}]}
  - {name: fc-c, needs: none, inherit: [fc-b${third}], rules: [tcp/${port}]}
  - {name: fc-b, needs: none, inherit: fc-a, rules: [tcp/${port}]}
  - {name: fc-a, needs: none, rules: [tcp/${port}]}
`

  before(async function () {
    this.timeout(600_000)
    rig = await suiteRig()
  })
  after(async () => {
    await rig?.clean('fc-')
    const names = lines(await rig.virsh('nwfilter-list')).map((line) => line.trim().split(/\s+/)[1] ?? '')
    for (const name of names.filter((each) => each.startsWith('fc-')).sort().reverse()) await rig.virsh('nwfilter-undefine', name)
  })

  it('makes five at once, what is inherited first, and the same again changes nothing', async () => {
    const made = (await create(five(1000))).json() as Written[]
    expect(made.map(({ name, changed }) => `${name} ${changed}`)).to.deep.equal(['a', 'b', 'c', 'd', 'e'].map((name) => `fc-${name} true`))
    const again = (await create(five(1000))).json() as Written[]
    expect(again.map(({ uuid }) => uuid)).to.deep.equal(made.map(({ uuid }) => uuid))
    expect(again.some(({ changed }) => changed)).to.equal(false)
    const refused = await create(five(1001))
    expect(refused.code).to.equal(5)
    expect(refused.stdout).to.contain('--replace')
  })

  it('killed, interrupted or terminated in the middle, it leaves the old five or the new five', async () => {
    const state = mkdtempSync(join(tmpdir(), 'bay-state-'))
    const all = Array.from({ length: 12 }, (_, index) => [`${index + 1}-`, `${index + 1}+`]).flat()
    const points = long ? ['', 'INT:', 'TERM:'].flatMap((how) => all.map((at) => `${how}${at}`)) : ['5-', '6+', '11+', 'INT:5+', 'TERM:8+', 'INT:11+']
    const outcomes = new Set<string>()
    for (const [index, point] of points.entries()) {
      const before = await dumps()
      const env = { XDG_STATE_HOME: state }
      const { code, signal, stderr } = await rig.bay(['filter', 'create', '-f', '-', '--replace'], { stdin: five(6000 + index), env: { ...env, BAY_TEST_KILL_AT: point } })
      const [how = ''] = point.split(/(?<=:)/)
      if (how.endsWith(':')) expect([how === 'INT:' ? 130 : 143, 0], `${point}: ${stderr}`).to.include(code)
      else expect(signal, `${point}: ${stderr}`).to.equal('SIGKILL')
      if (signal !== null) expect((await rig.bay(['recover'], { env })).code, point).to.equal(0)
      const after = await dumps()
      const isNew = after.match(new RegExp(`dstportstart='${6000 + index}'`, 'g'))?.length === 10
      expect(isNew || after === before, `${point}: a mixture\n${after}`).to.equal(true)
      expect(isNew, `${point}: it said ${code}`).to.equal(code === 0 || (signal !== null && isNew))
      expect(readdirSync(join(state, 'bay', 'journal')), point).to.deep.equal([])
      outcomes.add(`${point.replace(/:.*|\d.*/, '')} ${isNew ? 'new' : 'old'}`)
    }
    expect([...outcomes]).to.include.members([' old', ' new', 'INT old', 'TERM old'])
    rmSync(state, { recursive: true })
    expect(await create(five(1000), '--replace')).to.include({ code: 0 })
  })

  it('gives a running machine the new rules, under the same UUIDs', async () => {
    await rig.does('vm', 'create', 'fc-vm', ...rig.deaf, '--network', rig.network, '--filter', 'fc-e')
    const before = await rig.json<{ uuid: string }>('filter', 'show', 'fc-a')
    const [a] = (await create(five(2000), '--replace')).json() as Written[]
    expect(a).to.deep.include({ uuid: before.uuid, changed: true })
    expect(a?.interfaces).to.have.length(1)
    const rules = (await rig.host.exec(['iptables', '-S', `FO-${a?.interfaces[0]}`])).stdout
    expect(rules).to.contain('--dport 2000').and.not.to.contain('--dport 1000')
    const six = (await rig.host.exec(['ip6tables', '-S', `FO-${a?.interfaces[0]}`])).stdout
    expect(six).to.contain('--dport 2000')
  })

  it('leaves the old five when one of them fails in the middle, and the guest its rules', async () => {
    // libvirt takes it, but cannot give it to a guest that has no such variable.
    const broken = '<filter name="fc-broken"><rule action="accept" direction="in"><tcp srcipaddr="$FC_NOBODY"/></rule></filter>'
    await rig.bay(['filter', 'define', '-'], { stdin: broken })
    const before = await dumps()
    const failed = await create(five(3000, ', fc-broken'), '--replace')
    expect(failed.code, failed.stdout).to.equal(1)
    expect(await dumps()).to.equal(before)
    const [binding = ''] = lines(await rig.virsh('nwfilter-binding-list')).filter((line) => line.includes('fc-e'))
    expect((await rig.host.exec(['iptables', '-S', `FO-${binding.trim().split(/\s+/)[0]}`])).stdout).to.contain('--dport 2000')
  })

  it('killed at a journal write, it leaves the old five or the new five once bay recover has run, and the link up', async () => {
    const state = mkdtempSync(join(tmpdir(), 'bay-state-'))
    const points = long ? Array.from({ length: 13 }, (_, index) => [`${index + 1}-`, `${index + 1}+`]).flat() : ['6-', '13+']
    const outcomes: string[] = []
    for (const [index, point] of points.entries()) {
      const before = await dumps()
      const env = { XDG_STATE_HOME: state }
      const killed = await rig.bay(['filter', 'create', '-f', '-', '--replace'], { stdin: five(5000 + index), env: { ...env, BAY_TEST_KILL_AT: point }, timeout })
      expect(killed.signal, `${point}: ${killed.stderr}`).to.equal('SIGKILL')
      const recovered = await rig.bay(['recover'], { env, timeout })
      expect(recovered.code, `${point}: ${recovered.stderr}`).to.equal(0)
      const after = await dumps()
      const isNew = after.match(new RegExp(`dstportstart='${5000 + index}'`, 'g'))?.length === 10
      expect(isNew || after === before, `${point}: a mixture\n${after}`).to.equal(true)
      outcomes.push(isNew ? 'new' : 'old')
      expect(await rig.virsh('dumpxml', 'fc-vm'), point).not.to.contain("<link state='down'/>")
    }
    expect(new Set(outcomes)).to.have.all.keys('old', 'new')
    rmSync(state, { recursive: true })
  })

  it('changes nothing when any rule of the file is wrong, or inherits what is not there', async () => {
    const before = await dumps()
    const wrong = await create(five(4000).replace('needs: none, rules: [tcp/4000]', 'needs: none, rules: [tcp/99999]'), '--replace')
    expect(wrong.code).to.equal(2)
    expect(wrong.stdout).to.contain('standard input:6: ')
    const dangling = await create(five(4000, ', fc-nobody'), '--replace')
    expect(dangling.stdout).to.contain('standard input:4: fc-c inherits fc-nobody, which does not exist')
    expect(await create(five(4000), '--replace', '--dry-run')).to.include({ code: 0 })
    expect(await dumps()).to.equal(before)
  })

  it('takes flags and profiles, and what libvirt\'s schema does not know', async () => {
    await rig.does('filter', 'create', 'fc-flags', '--allow', 'https', '--allow-from', '2001:db8::/32:ssh', '--allow-to', '10.0.0.0/8:any')
    await rig.does('filter', 'create', 'fc-shop', '--profile', 'web-server')
    const out = await create('name: fc-mail\ndefault: accept\nrules: [{action: drop, direction: out, service: smtp}]')
    expect(out.code, out.stdout).to.equal(0)
    expect(await rig.virsh('nwfilter-dumpxml', 'fc-mail')).to.match(/<tcp-ipv6 state='NEW,RELATED,INVALID' dstportstart='25'/)
  })
})
