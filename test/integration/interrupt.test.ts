import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const program = (more: string) => `
const { interruptible } = await import('./src/virt/ops/interrupt.js')
await interruptible(() => Promise.resolve())
console.log('done')
await new Promise((resolve) => setTimeout(resolve, ${more}))
process.exit(0)
`

/** How a run ends to which the signal comes when its work is done and it has so many milliseconds of other things to do. */
async function ended(signal: NodeJS.Signals, left: number): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program(String(left))], { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  await once(child.stdout, 'data')
  child.kill(signal)
  return end
}

describe('a signal after the work is done', () => {
  it('lets the run end by itself, so that its exit code says what was done', async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) expect(await ended(signal, 200), signal).to.deep.equal([0, null])
  })

  it('ends one that goes on', async () => {
    const began = Date.now()
    expect(await ended('SIGTERM', 30_000)).to.deep.equal([null, 'SIGTERM'])
    expect(Date.now() - began).to.be.below(20_000)
  })
})
