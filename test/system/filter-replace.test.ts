import { expect } from 'chai'
import { Wire } from './packets.js'
import { lines, suiteRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'
const milliseconds = long ? 30_000 : 3_000

// A guest's filter is replaced while it is flooded with what the filter drops, is pinged, and has connections open.
describe('a filter that is replaced under way', function () {
  this.timeout(300_000)
  let rig: Rig
  let wire: Wire
  const rules = (comment: string) => `default: {in: drop, out: accept}\nneeds: [arp, dhcp]\nrules: [{protocol: icmp, type: echo-request}, {protocol: tcp, ports: 7200, comment: ${comment}}]`
  const create = async (name: string, comment: string) => {
    const { code, stderr } = await rig.bay(['filter', 'create', name, '-f', '-', '--replace'], { stdin: rules(comment) })
    expect(code, stderr).to.equal(0)
  }

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    for (const name of ['fr-a', 'fr-b']) await create(name, 'first')
    await rig.does('vm', 'create', 'fr', ...rig.tiny, '--network', rig.network, '--wait', 'ip', '--timeout', '120s')
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

  /** Does it again and again while packets come, at least twice. */
  async function during(change: (turn: number) => Promise<void>) {
    let over = false
    const packets = Promise.all([wire.flood(milliseconds), wire.pings(milliseconds)]).finally(() => { over = true })
    let turns = 0
    while (!over || turns < 2) await change(turns += 1)
    const [flood, pings] = await packets
    return { turns, flood, pings }
  }

  it('without one all of it comes', async () => {
    const { sent, got } = await wire.flood(500)
    // A busy machine may lose some, of all that come at once.
    expect(got).to.be.greaterThan(sent / 2)
    expect(await wire.carries()).to.equal(true)
    await rig.does('filter', 'apply', 'fr-a', 'fr')
  })

  it('by an equal one, by filter create --replace: nothing passes that it drops, and connections stay open', async () => {
    const { turns, flood, pings } = await during((turn) => create('fr-a', `turn ${turn}`))
    tell(`${turns} replacements: ${flood.got} of ${flood.sent} dropped packets passed, ${pings.got} of ${pings.sent} pings were answered`)
    expect(flood.got).to.equal(0)
    expect(flood.sent).to.be.greaterThan(10)
    expect(await wire.carries()).to.equal(true)
  })

  it('by another filter, by filter apply: nothing passes that both drop, and connections stay open', async () => {
    const { turns, flood, pings } = await during(async (turn) => {
      expect(await rig.json('filter', 'apply', turn % 2 === 0 ? 'fr-a' : 'fr-b', 'fr', '--only')).to.deep.include({ changed: true, live: true })
    })
    tell(`${turns} exchanges: ${flood.got} of ${flood.sent} dropped packets passed, ${pings.got} of ${pings.sent} pings were answered`)
    expect(flood.got).to.equal(0)
    expect(await wire.carries()).to.equal(true)
  })
})

function tell(text: string): void {
  process.stdout.write(`      ${text}\n`)
}
