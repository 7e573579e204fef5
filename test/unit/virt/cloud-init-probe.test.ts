import { expect } from 'chai'
import { readStatus } from '../../../src/virt/ops/cloud-init-probe.js'

const end = (stdout: string, { stderr = '', exitCode = 0 } = {}) => ({ stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), exitCode })

describe('what cloud-init says of itself', () => {
  const said: [text: string, status: string][] = [
    // 22.4, of Debian 12
    ['\nstatus: done\nboot_status_code: enabled-by-generator\nlast_update: Thu, 01 Jan 1970 00:00:42 +0000\ndetail:\nDataSourceNoCloud [seed=/dev/vdb][dsmode=net]\n', 'done'],
    ['status: running\n', 'running'], ['status: not run\n', 'not run'], ['status: error\ndetail:\nno route\n', 'error'],
    ['status: disabled\ndetail:\nCloud-init disabled by cloud-init-generator\n', 'disabled'],
    // 23.4 and later
    ['status: done\nextended_status: degraded done\nerrors: []\n', 'done'], ['status: degraded done\n', 'degraded'],
    ['', ''], ['nothing of the kind', ''],
  ]
  for (const [text, status] of said) it(`${JSON.stringify(text.slice(0, 40))} is ${status || 'nothing'}`, () => expect(readStatus(end(text))).to.include({ status }))

  it('is told in one line, at most 4 KiB of it', () => {
    expect(readStatus(end('status: error\n\n  detail: \nno route\n')).text).to.equal('status: error; detail:; no route')
    expect(readStatus(end('x'.repeat(100_000))).text.length).to.equal(4096)
    expect(readStatus(end('', { stderr: ' sh: oops\n', exitCode: 1 })).text).to.equal('sh: oops')
    expect(readStatus(end('', { exitCode: 3 })).text).to.equal('it ended with 3')
  })
})
