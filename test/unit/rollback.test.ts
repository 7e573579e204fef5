import { expect } from 'chai'
import { BayError, merged } from '../../src/errors.js'
import type { Connection } from '../../src/virt/connection.js'
import { VirtError } from '../../src/virt/errors.js'
import { Rollback } from '../../src/virt/ops/rollback.js'

const lost = new VirtError('virCall', { code: 39, domain: 7, message: 'End of file while reading data', detail: null })
const refused = new VirtError('virCall', { code: 55, domain: 12, message: 'domain is running', detail: null })
const gone = new VirtError('virCall', { code: 42, domain: 12, message: 'Domain not found', detail: null })

describe('a rollback', () => {
  let done: string[]
  beforeEach(() => { done = [] })

  type Take = (name: string, undo?: () => void | Promise<void>) => Promise<string>

  /** Takes steps by their names in one block; what it throws at the end comes back, as main.ts would see it. */
  async function run(work: (take: Take, rollback: Rollback) => Promise<void>, signal?: AbortSignal): Promise<unknown> {
    const begin = (name: string) => {
      done.push(name)
      return name
    }
    const undoing = (name: string) => () => { done.push(`no ${name}`) }
    try {
      await using rollback = new Rollback(signal)
      await work((name, undo = undoing(name)) => rollback.step(() => begin(name), () => ({
        leaves: `the ${name}`, removeBy: `bay remove ${name}`, undo,
      })), rollback)
      return undefined
    } catch (error) {
      return merged(error)
    }
  }

  it('undoes its steps in reverse, one after the other', async () => {
    const failure = new Error('the fourth step')
    const slowly = async () => {
      done.push('two begins')
      await new Promise((resolve) => { setTimeout(resolve, 20) })
      done.push('two ends')
    }
    expect(await run(async (take) => {
      expect(await take('one')).to.equal('one')
      await take('two', slowly)
      await take('three')
      throw failure
    })).to.equal(failure)
    expect(done).to.deep.equal(['one', 'two', 'three', 'no three', 'two begins', 'two ends', 'no one'])
  })

  it('undoes nothing once all is kept', async () => {
    expect(await run(async (take, rollback) => {
      await take('one')
      rollback.keep()
    })).to.equal(undefined)
    expect(done).to.deep.equal(['one'])
  })

  it('undoes what was not kept, also without an error', async () => {
    expect(await run(async (take) => { await take('one') })).to.equal(undefined)
    expect(done).to.deep.equal(['one', 'no one'])
  })

  it('undoes what came after what was kept, and only that', async () => {
    const failure = new Error('later')
    expect(await run(async (take, rollback) => {
      await take('one')
      rollback.keep()
      await take('two')
      throw failure
    })).to.equal(failure)
    expect(done).to.deep.equal(['one', 'two', 'no two'])
  })

  it('names all that is left behind, with the commands that remove it, and keeps what a step that could not be undone stands on', async () => {
    const first = new BayError('exists', 'there is one already')
    const error = await run(async (take) => {
      await take('disk', () => { throw refused })
      await take('network')
      await take('machine', () => Promise.reject(new Error('no answer')))
      throw first
    })
    expect(error).to.be.instanceOf(BayError).and.deep.include({
      code: 'left-behind', exitCode: 9, cause: first,
      message: 'there is one already; left behind: the machine, the network, the disk (no answer)',
      hints: ['bay remove machine', 'bay remove network', 'bay remove disk'],
    })
    expect(done).to.deep.equal(['disk', 'network', 'machine'])
  })

  it('names what is left behind for one reason together', async () => {
    const error = await run(async (take) => {
      for (const name of ['a', 'b']) await take(name, () => { throw lost })
    })
    expect(error).to.have.property('message').that.matches(/^left behind: the b, the a \(the connection to the host was lost/)
  })

  it('does not undo a step that failed', async () => {
    expect(await run(async (take, rollback) => {
      await take('one')
      const undo = () => { done.push('no two') }
      await rollback.step(() => { throw refused }, () => ({ leaves: 'x', removeBy: 'x', undo }))
    })).to.equal(refused)
    expect(done).to.deep.equal(['one', 'no one'])
  })

  it('undoes a step during which the host was lost: it may have been taken', async () => {
    const attempt = (undo: () => void) => run(async (_, rollback) => {
      await rollback.step(() => Promise.reject(lost), () => ({ leaves: 'the disk', removeBy: 'bay vol delete disk', undo }))
    })
    expect(await attempt(() => { done.push('looked') })).to.equal(lost)
    expect(done).to.deep.equal(['looked'])
    expect(await attempt(() => { throw gone })).to.equal(lost)
    expect(await attempt(() => { throw lost })).to.include({ code: 'left-behind' })
      .and.have.property('message').that.includes('left behind: perhaps the disk')
  })

  it('makes nothing of what libvirt refuses', async () => {
    const host = {} as Connection
    expect(await run(async (_, rollback) => {
      await rollback.make(host, { kind: 'domain', name: 'web', uuid: '1' }, () => { throw refused })
    })).to.equal(refused)
  })

  describe('that is interrupted', () => {
    const interrupted = new BayError('interrupted', 'interrupted')

    it('takes no further step, and undoes those it took', async () => {
      const controller = new AbortController()
      expect(await run(async (take) => {
        await take('one')
        controller.abort(interrupted)
        await take('two')
      }, controller.signal)).to.equal(interrupted)
      expect(done).to.deep.equal(['one', 'no one'])
    })

    it('takes no step at all when it was before', async () => {
      expect(await run(async (take) => { await take('one') }, AbortSignal.abort(interrupted))).to.equal(interrupted)
      expect(await run(async (_, rollback) => {
        await rollback.make({} as Connection, { kind: 'domain', name: 'web', uuid: '1' }, () => { done.push('made') })
      }, AbortSignal.abort(interrupted))).to.equal(interrupted)
      expect(done).to.deep.equal([])
    })

    it('keeps nothing, though all steps were taken', async () => {
      const controller = new AbortController()
      expect(await run(async (take, rollback) => {
        await take('one')
        controller.abort(interrupted)
        rollback.keep()
      }, controller.signal)).to.equal(interrupted)
      expect(done).to.deep.equal(['one', 'no one'])
    })

    it('hears a signal that came during a synchronous step', async () => {
      const controller = new AbortController()
      setImmediate(() => controller.abort(interrupted))
      expect(await run(async (take) => {
        await take('one')
        await take('two')
      }, controller.signal)).to.equal(interrupted)
      expect(done).to.deep.equal(['one', 'no one'])
    })
  })
})
