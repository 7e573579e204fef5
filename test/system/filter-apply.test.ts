import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { lines, suiteRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

interface Applied { changed: boolean, filters: string[], filter: string | null, live: boolean }

// Filters on machines, as they run and as they will start.
describe('bay filter apply on a host', function () {
  this.timeout(600_000)
  let rig: Rig
  const on = (...args: string[]) => rig.json<Applied>('filter', ...args)
  const both = () => Promise.all([rig.virsh('dumpxml', 'fa-1', '--security-info'), rig.virsh('dumpxml', '--inactive', '--security-info', 'fa-1')])

  before(async function () {
    this.timeout(600_000)
    rig = await suiteRig()
    for (const [name, port] of [['fa-web', 'https'], ['fa-db', 'postgresql']] as const) {
      const { code, stderr } = await rig.bay(['filter', 'create', name, '-f', '-'], { stdin: `needs: [arp]\nrules: [${port}]` })
      expect(code, stderr).to.equal(0)
    }
    await rig.does('filter', 'create', 'fa-open', '--default', 'accept')
    await rig.does('vm', 'create', 'fa-1', ...rig.deaf, '--network', rig.network, '--no-start')
    const thing = '<x:thing xmlns:x="urn:x">kept</x:thing>'
    const stored = await rig.virsh('dumpxml', '--inactive', 'fa-1')
    const xml = (stored.includes('<metadata>') ? stored.replace('<metadata>', `<metadata>${thing}`) : stored.replace('</uuid>', `</uuid><metadata>${thing}</metadata>`))
      .replace('</devices>', '<graphics type="vnc" passwd="secret1"/></devices>')
    const { code, stderr } = await rig.bay(['vm', 'define', '-'], { stdin: xml })
    expect(code, stderr).to.equal(0)
    await rig.does('vm', 'start', 'fa-1')
  })
  after(async () => {
    await rig?.clean('fa-')
    const names = lines(await rig.virsh('nwfilter-list')).map((line) => line.trim().split(/\s+/)[1] ?? '')
    for (const name of names.filter((each) => /^(fa-|bay-)/.test(each)).sort()) await rig.virsh('nwfilter-undefine', name)
  })

  it('puts one on, and another beside it, in both places and in force, and keeps all else', async () => {
    const before = await both()
    expect(await on('apply', 'fa-web', 'fa-1')).to.deep.include({ changed: true, filter: 'fa-web', live: true })
    expect(await on('apply', 'fa-web', 'fa-1')).to.deep.include({ changed: false })
    const { filter, filters } = await on('apply', 'fa-db', 'fa-1')
    expect(filters).to.deep.equal(['fa-web', 'fa-db'])
    expect(filter).to.match(/^bay-5254/)
    for (const xml of await both()) expect(xml).to.contain(`<filterref filter='${filter}'/>`).and.contain('urn:x').and.contain('secret1')
    const [tap = ''] = lines(await rig.virsh('nwfilter-binding-list')).filter((line) => line.includes(filter ?? '')).map((line) => line.trim().split(/\s+/)[0])
    const rules = (await rig.host.exec(['iptables', '-S', `FO-${tap}`])).stdout
    expect(rules).to.contain('--dport 443').and.contain('--dport 5432')
    // libvirt makes a new port on its network for an interface that changes.
    const without = (xml: string) => xml.replace(/\s*<filterref [^>]*>/, '').replace(/ portid='[^']*'/, '')
    expect((await both()).map(without)).to.deep.equal(before.map(without))
  })

  it('tells what is in force, what lets through too much, and what other rules would change', async () => {
    const test = (...args: string[]) => rig.bay(['filter', 'test', 'fa-1', '--from', '10.88.0.9', '--to', '10.88.0.5', '--proto', 'tcp', ...args])
    expect(await test('--port', '5432')).to.include({ code: 0 })
    const dropped = await test('--port', '22', '--json')
    expect(dropped.code).to.equal(3)
    expect(dropped.json()).to.deep.include({ vm: 'fa-1', verdict: 'drop', direction: 'in' })
    expect(await test('--port', '22', '--expect', 'drop')).to.include({ code: 0 })
    expect((await test()).code).to.equal(2)
    const rows = await rig.json<{ chain: string, filter: string }[]>('filter', 'explain', 'fa-1')
    expect(rows.some(({ chain, filter }) => chain === 'FO' && filter === 'fa-db')).to.equal(true)
    const diff = await rig.bay(['filter', 'diff', 'fa-web', '-f', '-', '--json'], { stdin: 'needs: [arp]\nrules: [http]' })
    expect(diff.code, diff.stderr).to.equal(3)
    expect((diff.json() as { port: number, after: string }[]).map(({ port, after }) => `${port} ${after}`)).to.include.members(['80 accept', '443 drop'])
    const audit = await rig.bay(['filter', 'audit', '--json'])
    expect(audit.code).to.equal(3)
    expect(audit.json()).to.deep.include.members([{
      code: 'unused', vm: null, mac: null, filter: 'fa-open', text: 'no interface and no filter in use has it', fix: 'bay filter delete fa-open',
    }])
    expect(await rig.does('filter', 'show', 'fa-web', '-o', 'yaml')).to.equal('name: fa-web\ndefault: drop\nneeds:\n  - arp\nrules:\n  - protocol: tcp\n    ports: 443')
  })

  it('refuses what does not go together or is not there, and changes nothing', async () => {
    const before = await both()
    for (const [args, code] of [[['fa-open', 'fa-1'], 2], [['fa-nobody', 'fa-1'], 4], [['fa-web', 'fa-1', '--nic', '52:54:00:00:00:00'], 4], [['fa-web', 'fa-1', '--parameter', 'IP'], 2]] as const) {
      expect((await rig.bay(['filter', 'apply', ...args])).code, args.join(' ')).to.equal(code)
    }
    expect(await on('apply', 'fa-open', 'fa-1', '--only', '--dry-run')).to.deep.include({ changed: true })
    expect(await both()).to.deep.equal(before)
  })

  it('killed at a journal write, it is as before once bay recover has run: the definition, the machine, its rules and its link', async () => {
    const env = { XDG_STATE_HOME: mkdtempSync(join(tmpdir(), 'bay-state-')) }
    const now = async () => [...await both(), await rig.virsh('nwfilter-binding-list')].map((text) => text.replaceAll(/ portid='[^']*'/g, ''))
    const before = await now()
    // In between the link is down; then the running machine has the other filter, then the definition too.
    const points = long ? [1, 2, 3, 4].flatMap((write) => [`${write}-`, `${write}+`]) : ['2-', '4+']
    for (const point of points) {
      const killed = await rig.bay(['filter', 'apply', 'fa-web', 'fa-1', '--only'], { env: { ...env, BAY_TEST_KILL_AT: point }, timeout: 500_000 })
      expect(killed.signal, `${point}: ${killed.stderr}`).to.equal('SIGKILL')
      const [running = ''] = await now()
      if (point === '2-') expect(running).to.contain("<link state='down'/>")
      if (point === '4+') expect(await now()).not.to.deep.equal(before)
      const recovered = await rig.bay(['recover', '--json'], { env, timeout: 500_000 })
      expect(recovered.code, `${point}: ${recovered.stdout}${recovered.stderr}`).to.equal(0)
      expect(await now(), point).to.deep.equal(before)
    }
    rmSync(env.XDG_STATE_HOME, { recursive: true })
  })

  it('takes them off one after the other, and leaves nothing behind', async () => {
    expect(await on('remove', 'fa-web', 'fa-1')).to.deep.include({ changed: true, filters: ['fa-db'], filter: 'fa-db' })
    expect(await rig.virsh('nwfilter-list')).not.to.match(/ bay-5254/)
    expect(await on('remove', 'fa-db', 'fa-1')).to.deep.include({ changed: true, filters: [], filter: null })
    expect(await on('remove', 'fa-db', 'fa-1')).to.deep.include({ changed: false })
    for (const xml of await both()) expect(xml).not.to.contain('filterref')
  })

  describe('what is generated for an interface with several filters', () => {
    const env = { XDG_STATE_HOME: mkdtempSync(join(tmpdir(), 'bay-state-')) }
    const bay = async (...args: string[]) => {
      const { code, stdout, stderr } = await rig.bay(args, { env })
      expect(code, `${args.join(' ')}: ${stdout}${stderr}`).to.equal(0)
    }
    const generated = async () => lines(await rig.virsh('nwfilter-list')).flatMap((line) => / (bay-5254\w+)/.exec(line)?.[1] ?? [])
    let made: string[] = []
    before(async () => {
      await bay('vm', 'create', 'fa-2', ...rig.deaf, '--network', rig.network, '--no-start')
      for (const name of ['fa-web', 'fa-db']) await bay('filter', 'apply', name, 'fa-2')
      made = await generated()
      expect(made).to.have.length(1)
    })
    after(() => rmSync(env.XDG_STATE_HOME, { recursive: true }))

    it('goes with the last who needs it, and comes back with what bay undo brings back', async () => {
      const { nics: [nic] } = await rig.json<{ nics: { mac: string }[] }>('vm', 'show', 'fa-2')
      for (const change of [['filter', 'remove', 'fa-db', 'fa-2'], ['vm', 'detach', 'fa-2', nic?.mac ?? ''], ['vm', 'delete', '--yes', '--keep-disks', 'fa-2']]) {
        await bay(...change)
        expect(await generated(), change.join(' ')).to.deep.equal([])
        await bay('undo', 'fa-2')
        expect(await generated(), `undo of ${change.join(' ')}`).to.deep.equal(made)
      }
      // A copy that was made by hand has the same interface.
      const copy = (await rig.virsh('dumpxml', 'fa-2')).replace('>fa-2<', '>fa-3<').replace(/<uuid>.*<\/uuid>/, '')
      const file = join(rig.files, 'fa-3.xml')
      writeFileSync(file, copy)
      await rig.virsh('define', file)
      await bay('filter', 'remove', 'fa-db', 'fa-3')
      expect(await generated()).to.deep.equal(made)
      await bay('undo', 'fa-3')
      await bay('vm', 'delete', '--yes', 'fa-3')
      expect(await generated()).to.deep.equal(made)
    })

    it('is neither lost nor left by a run that is killed, once bay recover has run', async () => {
      const now = async () => [await rig.virsh('dumpxml', 'fa-2'), await rig.virsh('nwfilter-dumpxml', made[0] ?? '').catch(() => 'none')]
      const before = await now()
      const killed = async (point: string, ...args: string[]) => {
        const { signal, stderr } = await rig.bay(args, { env: { ...env, BAY_TEST_KILL_AT: point } })
        expect(signal, `${point}: ${stderr}`).to.equal('SIGKILL')
        await bay('recover')
      }
      for (const point of long ? ['1-', '1+', '2-', '2+', '3-', '3+', '4-', '4+', '5-'] : ['3+', '4+']) {
        await killed(point, 'filter', 'remove', 'fa-db', 'fa-2')
        expect(await now(), point).to.deep.equal(before)
      }
      await killed('5+', 'filter', 'remove', 'fa-db', 'fa-2')
      expect(await generated()).to.deep.equal([])
      for (const point of long ? ['1-', '1+', '2-', '2+', '3-', '3+', '4-', '4+'] : ['1+', '2+']) {
        await killed(point, 'filter', 'apply', 'fa-db', 'fa-2')
        expect(await generated(), point).to.deep.equal([])
      }
      await bay('filter', 'apply', 'fa-db', 'fa-2')
      await killed('2-', 'vm', 'delete', '--yes', '--keep-disks', 'fa-2')
      expect(await generated()).to.deep.equal([])
    })
  })

  it('machines may be called whatever libvirt takes', async () => {
    const names = ['-fa', '--help', 'fa-it\'s "x"', 'fa $(id)', 'fa-[1]*?', 'fa-größe 日本\u202e', '8f9c1b0e-0000-4000-8000-0000000000fa']
    const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
    try {
      for (const [index, name] of names.entries()) {
        const file = join(rig.files, 'fa-odd.xml')
        writeFileSync(file, `<domain type="qemu"><name>${escaped(name)}</name><memory unit="MiB">32</memory><os><type>hvm</type></os><devices>
          <interface type="network"><mac address="52:54:00:fa:00:0${index}"/><source network="${rig.network}"/></interface></devices></domain>`)
        await rig.virsh('define', file)
      }
      const all = async (...args: string[]) => rig.json<{ name: string, changed: boolean }[]>(...args, '--', 'fa-web', ...names)
      expect((await all('filter', 'apply')).map(({ name, changed }) => `${changed} ${name}`)).to.deep.equal(names.map((name) => `true ${name}`))
      await Promise.all(names.map(async (name) => {
        const tested = await rig.json<{ vm: string, filter: string }>('filter', 'test', '--from', '10.88.0.9', '--to', '10.88.0.5', '--proto', 'tcp', '--port', '443', '--', name)
        expect(tested).to.deep.include({ vm: name, filter: 'fa-web', verdict: 'accept' })
        expect(await rig.json<unknown[]>('filter', 'explain', '--', name)).not.to.deep.equal([])
      }))
      const diff = await rig.bay(['filter', 'diff', 'fa-web', '-f', '-', '--json'], { stdin: 'needs: [arp]\nrules: [http]' })
      expect(new Set((diff.json() as { vm: string }[]).map(({ vm }) => vm))).to.have.all.keys(...names)
      expect((await all('filter', 'remove')).every(({ changed }) => changed)).to.equal(true)
    } finally {
      const uuids = lines(await rig.virsh('list', '--all', '--uuid', '--name')).flatMap((line) => {
        const [, uuid = '', name = ''] = /^(\S{36}) +(.*?) *$/.exec(line) ?? []
        return names.includes(name) ? [uuid] : []
      })
      for (const uuid of uuids) await rig.virsh('undefine', uuid)
    }
  })
})
