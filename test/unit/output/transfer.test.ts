import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { Transfer } from '../../../src/output/transfer.js'

describe('progress of bytes', () => {
  let said = ''
  const sink = { write: (text: string) => { said += text }, animated: false, width: 80 }
  const begun = (more: { quiet?: boolean, every?: number } = {}) => {
    said = ''
    const transfer = new Transfer({ quiet: false, every: 0, sink, ...more })
    transfer.step('downloading a.img')
    return transfer
  }

  it('is how much, of how much, how fast', () => {
    using transfer = begun()
    transfer.moved(1024, 4096)
    transfer.moved(3072, null)
    expect(said).to.match(/^downloading a\.img …\ndownloading a\.img: 1K of 4K \(25%\), 0B\/s …\ndownloading a\.img: 3K, [\d.]+[KMGT]\/s …\n$/)
  })

  it('is said now and then', async () => {
    using transfer = begun({ every: 30 })
    for (let at = 0; at < 100; at += 1) transfer.moved(at, 100)
    expect(said).to.equal('downloading a.img …\n')
    await sleep(35)
    transfer.moved(100, 100)
    expect(said).to.match(/100B of 100B \(100%\)/)
  })

  it('begins anew with each step, and when there is less than before', () => {
    using transfer = begun()
    transfer.moved(4096, 4096)
    transfer.moved(10, 4096)
    transfer.step('copying it')
    transfer.moved(0, 0)
    expect(said.split('\n').slice(2)).to.deep.equal(['downloading a.img: 10B of 4K (0%), 0B/s …', 'copying it …', 'copying it: 0B of 0B (0%), 0B/s …', ''])
  })

  it('is not said when nobody wants it', () => {
    using transfer = begun({ quiet: true })
    transfer.moved(1, 2)
    transfer.note('x')
    expect(said).to.equal('')
  })
})
