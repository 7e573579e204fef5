import { expect } from 'chai'
import { onTerminal } from './on-terminal.js'
import { onTest } from './vm-host.js'

describe('bay top', function () {
  this.timeout(90_000)

  it('leaves the terminal as it was: by q and by Ctrl-C', async () => {
    const [q, interrupt] = await Promise.all([
      onTerminal('top --interval 300ms', [['by c cpu*', 'm'], ['m memory*', 'q']]), onTerminal('top', [['by c cpu*', '\u0003']]),
    ])
    expect([q.code, interrupt.code]).to.deep.equal([0, 130])
    expect(q.screen).to.include('1 running, CPU').and.match(/NAME +CPU%/)
    for (const { modes } of [q, interrupt]) expect(modes).to.match(/ icanon\b/).and.match(/ echo\b/).and.match(/ isig\b/)
  })

  it('is one look for scripts: with --once, in a pipe, in another form', async () => {
    const [json, pipe, short] = await Promise.all([
      onTest('top --once -o json --interval 200ms'), onTest('top --interval 200ms'), onTest('top --interval 1ms'),
    ])
    expect((json.json() as { name: string, rates: { interval: number } }[])[0]).to.have.property('name', 'test')
    expect(pipe.stdout).to.match(/^NAME {3}STATE +CPU%/)
    expect([json.code, pipe.code, short.code]).to.deep.equal([0, 0, 2])
  })
})
