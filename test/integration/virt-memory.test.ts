import { expect } from 'chai'
import { fileURLToPath } from 'node:url'
import { run } from '../lab/script.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The short form of bench/leaks.ts: 5,000 of each, which a text or an array that is not freed cannot pass. */
describe('memory', () => {
  it('does not grow with the number of operations', async function () {
    this.timeout(120_000)
    const { code, stdout, stderr } = await run(process.execPath, ['--expose-gc', '--import', 'tsx', `${root}bench/leaks.ts`, '5000'], { timeout: 110_000 })
    expect(stderr).to.equal('')
    expect(stdout).to.include('Nothing leaks.')
    expect(code).to.equal(0)
  })
})
