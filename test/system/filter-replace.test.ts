import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { Wire } from './packets.js'
import { lines, suiteRig, until, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'
/** How long changes go on; there is one at least. */
const milliseconds = long ? 30_000 : 0

// A guest's filter is replaced while it is flooded with what the filter drops, and has connections open.
describe('a filter that is replaced under way', function () {
  this.timeout(600_000)
  let rig: Rig
  let wire: Wire
  const rules = (comment: string) => `default: {in: drop, out: accept}\nneeds: [arp, dhcp]\nrules: [{protocol: icmp, type: echo-request}, {protocol: tcp, ports: 7200, comment: ${comment}}]`
  const create = async (name: string, comment: string) => {
    const { code, stderr } = await rig.bay(['filter', 'create', name, '-f', '-', '--replace'], { stdin: rules(comment), timeout: 500_000 })
    expect(code, stderr).to.equal(0)
  }

  before(async function () {
    this.timeout(600_000)
    rig = await suiteRig()
    for (const name of ['fr-a', 'fr-b']) await create(name, 'first')
    const made = await rig.bay(
      ['vm', 'create', 'fr', ...rig.tiny, '--network', rig.network, '--wait', 'ip', '--timeout', '400s'], { timeout: 500_000 },
    )
    expect(made.code, made.stderr).to.equal(0)
    const { nics: [nic] } = await rig.json<{ nics: { mac: string, addresses: { address: string }[] }[] }>('vm', 'show', 'fr')
    wire = new Wire(rig, 'fr')
    await wire.up({ address: nic?.addresses[0]?.address ?? '', mac: nic?.mac ?? '' })
    await wire.keep(1)
    wire.next()
  })
  after(async () => {
    await wire?.down()
    await rig?.clean('fr')
    const names = lines(await rig.virsh('nwfilter-list')).map((line) => line.trim().split(/\s+/)[1] ?? '')
    for (const name of names.filter((each) => each.startsWith('fr-'))) await rig.virsh('nwfilter-undefine', name)
  })

  /** Does it while packets come, and in a long run again and again, with pings. */
  async function during(what: string, change: (turn: number) => Promise<void>) {
    const pings = long ? wire.pings(milliseconds) : null
    const end = performance.now() + milliseconds
    let turns = 0
    const flood = await wire.flood(async () => {
      do await change(turns += 1)
      while (performance.now() < end)
    })
    const answered = pings === null ? null : await pings
    tell(`${turns} ${what}: ${flood.got} of ${flood.sent} dropped packets passed${answered ? `, ${answered.got} of ${answered.sent} pings were answered, ${Math.round((answered.sent - answered.got) * 50 / turns)} ms without each time` : ''}`)
    return flood
  }

  it('without one they come', async () => {
    await until(async () => (await wire.flood(() => sleep(100))).got > 0)
    expect(await wire.carries()).to.equal(true)
    await rig.does('filter', 'apply', 'fr-a', 'fr')
  })

  it('by the very same, nothing happens: no definition, no link goes down, and every ping is answered', async () => {
    const before = [await rig.virsh('nwfilter-dumpxml', 'fr-a'), await rig.virsh('dumpxml', 'fr'), await wire.linkChanges()]
    const pings = wire.pings(2000)
    const { code, stdout } = await rig.bay(['filter', 'create', 'fr-a', '-f', '-', '--replace', '--json'], { stdin: rules('first') })
    expect(code).to.equal(0)
    expect(JSON.parse(stdout)).to.include({ changed: false })
    expect(await rig.json('filter', 'apply', 'fr-a', 'fr')).to.include({ changed: false })
    expect([await rig.virsh('nwfilter-dumpxml', 'fr-a'), await rig.virsh('dumpxml', 'fr'), await wire.linkChanges()]).to.deep.equal(before)
    const { sent, got } = await pings
    expect(got).to.equal(sent)
    expect(await wire.carries()).to.equal(true)
  })

  it('by an equal one, by filter create --replace: nothing passes that it drops, and connections stay open', async () => {
    const { sent, got } = await during('replacements', (turn) => create('fr-a', `turn ${turn}`))
    expect(got).to.equal(0)
    expect(sent).to.be.greaterThan(0)
    expect(await wire.carries()).to.equal(true)
  })

  it('by another filter, by filter apply: nothing passes that both drop, and connections stay open', async () => {
    const { sent, got } = await during('exchanges', async (turn) => {
      expect(await rig.json('filter', 'apply', turn % 2 === 0 ? 'fr-a' : 'fr-b', 'fr', '--only')).to.deep.include({ changed: true, live: true })
    })
    expect(got).to.equal(0)
    expect(sent).to.be.greaterThan(0)
    expect(await wire.carries()).to.equal(true)
  })
})

function tell(text: string): void {
  process.stdout.write(`      ${text}\n`)
}
