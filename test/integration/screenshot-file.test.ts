import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { screenshotFile } from '../../src/virt/ops/screenshot-file.js'
import { onTestMachine } from './test-driver.js'

describe('pictures of machines that were waited for in vain', () => {
  const state = mkdtempSync(join(tmpdir(), 'bay-pictures-'))
  const home = process.env['XDG_STATE_HOME']
  before(() => { process.env['XDG_STATE_HOME'] = state })
  after(() => {
    if (home === undefined) delete process.env['XDG_STATE_HOME']
    else process.env['XDG_STATE_HOME'] = home
    rmSync(state, { recursive: true })
  })

  it('are the newest 50; what somebody else put there stays', async () => {
    const folder = join(state, 'bay', 'screenshots')
    mkdirSync(folder, { recursive: true })
    const old = Array.from({ length: 60 }, (_, index) => `6695eb01-f6a4-8304-79aa-97f2502e193f-2020-01-01T00-00-${10 + index}-000Z-00ff.png`)
    for (const name of [...old, 'mine.png']) writeFileSync(join(folder, name), '')
    const path = await onTestMachine((machine) => screenshotFile(machine, Date.now() + 10_000))
    expect(existsSync(path)).to.equal(true)
    expect(readdirSync(folder).filter((name) => join(folder, name) !== path)).to.have.members(['mine.png', ...old.slice(11)])
  })
})
