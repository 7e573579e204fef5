import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { bay } from '../lab/bay.js'
import { onTest } from './vm-host.js'

describe('what vm create says of what cannot be', function () {
  this.timeout(60_000)

  it('names the pool and the fix, also when the image is a URL', async () => {
    const { code, stderr } = await onTest('vm create a --image http://127.0.0.1:1/x.qcow2 --disk 1G,pool=nope')
    expect({ code, stderr }).to.deep.equal({
      code: 4, stderr: 'bay: there is no pool named nope (test:///default)\n  try: bay pool list\n  try: bay pool create --path DIR nope\n',
    })
  })

  it('lets nothing of a URL at the terminal, and tries a port that is never asked only once', async () => {
    const { code, stderr, seconds } = await onTest('vm create a --image http://127.0.0.1:1/%C2%9b31m%1b%5b31mx.qcow2')
    expect(code).to.equal(1)
    expect(stderr).to.contain('\\x9b31m\\x1b[31mx.qcow2 is not checked')
    expect(stderr).not.to.match(/[\x1b\x9b]/)
    expect(stderr).to.contain('bad port').and.not.to.contain('trying again')
    expect(seconds).to.be.below(10)
  })

  it('is that each machine has room, and all together have not: then none is made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bay-refused-'))
    const file = join(folder, 'host.xml')
    writeFileSync(file, `<node><pool type="logical"><name>vg</name><source><name>vg</name></source><target><path>/dev/vg</path></target></pool></node>`)
    const create = ['vm', 'create', 'a', '--empty', '--network', 'none', '--disk', '40G,pool=vg,format=raw', '-o', 'name', '--count']
    const [three, two] = await Promise.all(['3', '2'].map((count) => bay([...create, count], { uri: `test://${file}` })))
    rmSync(folder, { recursive: true })
    expect(three).to.include({ code: 1, stdout: '' })
    expect(three?.stderr).to.match(/^bay: the pool vg has 100G left, and the disks of 3 machines take 120G at once \(/)
    expect(two).to.include({ code: 0, stdout: 'a-1\na-2\n' })
  })

  it('names a file that has no name, or is a folder', async () => {
    const run = async (...args: string[]) => (await bay(args, { uri: 'test:///default' })).stderr
    expect(await run('vm', 'create', '-f', '')).to.match(/^bay: a file without a name\n/)
    expect(await run('vm', 'create', '-f', '/')).to.match(/^bay: \/ cannot be read: it is a folder\n/)
  })
})
