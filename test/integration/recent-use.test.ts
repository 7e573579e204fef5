import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../../src/virt/connection.js'
import { RecentUse } from '../../src/virt/ops/recent-use.js'

const state = `<node><pool type='dir'><name>vms</name><target><path>/vms</path></target>
    <volume><name>a</name><capacity>1024</capacity></volume></pool></node>`
const machine = `<domain type='test'><name>web</name><memory>1024</memory><os><type>hvm</type></os>
    <devices><disk type='file'><source file='/vms/a'/><target dev='vda'/></disk></devices></domain>`

describe('who uses which volume, for many that are deleted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bay-use-'))
  after(() => rmSync(folder, { recursive: true }))

  it('is read once for those within a second, and then anew; in a dry run once', async function () {
    this.timeout(60_000)
    const file = join(folder, 'host.xml')
    writeFileSync(file, state)
    using connection = await Connection.open(`test://${file}`, { readOnly: false })
    const [recent, dry] = [new RecentUse({ dryRun: false }), new RecentUse({ dryRun: true })]
    const began = performance.now()
    const [first, shown] = [recent.read(connection), dry.read(connection)]
    const place = { pool: 'vms', name: 'a', path: '/vms/a' }
    expect(first.machinesOn(place)).to.be.empty
    connection.defineDomain(machine)[Symbol.dispose]()
    const again = recent.read(connection)
    // On a busy machine the second may be over.
    if (performance.now() - began < 1000) expect(again).to.equal(first)
    for (let looks = 0; recent.read(connection) === first && looks < 2000; looks += 1) await sleep(20)
    expect(recent.read(connection).machinesOn(place)).to.deep.equal(['web'])
    expect(dry.read(connection)).to.equal(shown)
  })
})
