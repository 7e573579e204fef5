import { expect } from 'chai'
import { bay } from '../lab/bay.js'
import { onTest } from './vm-host.js'

describe('what vm create says of what cannot be', function () {
  this.timeout(60_000)

  it('names the pool and the fix, also when the image is a URL', async () => {
    const { code, stderr } = await onTest('vm create a --image http://127.0.0.1:1/x.qcow2 --disk 1G,pool=nope')
    expect({ code, stderr }).to.deep.equal({
      code: 4, stderr: 'bay: there is no pool named nope (test:///default)\n  try: bay pool list\n  try: bay pool create nope --path DIR\n',
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

  it('names a file that has no name, or is a folder', async () => {
    const run = async (...args: string[]) => (await bay(args, { uri: 'test:///default' })).stderr
    expect(await run('vm', 'create', '-f', '')).to.match(/^bay: a file without a name\n/)
    expect(await run('vm', 'create', '-f', '/')).to.match(/^bay: \/ cannot be read: it is a folder\n/)
  })
})
