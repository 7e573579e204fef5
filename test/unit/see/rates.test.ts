import { expect } from 'chai'
import { totals, withRates } from '../../../src/virt/ops/vm-rates.js'
import { vmSample } from './samples.js'

describe('rates of machines', () => {
  const was = vmSample()
  const nic = (received: number) => was.nics.map((each) => ({ ...each, receivedBytes: received }))

  it('are what was counted between two looks, each second', () => {
    const [row] = withRates([was], [vmSample({ cpuTime: 13, nics: nic(600) })], 2)
    expect(row?.rates).to.deep.equal({
      interval: 2, cpu: 1.5, readBytes: 0, writtenBytes: 0, readRequests: 0, writeRequests: 0, receivedBytes: 250, sentBytes: 0,
    })
  })

  it('are none for a machine that was started meanwhile, again or for the first time', () => {
    expect(withRates([was], [vmSample({ id: 2 })], 1)[0]?.rates).to.equal(null)
    expect(withRates([], [was], 1)[0]?.rates).to.equal(null)
    expect(withRates([vmSample({ id: null })], [vmSample({ id: null })], 1)[0]?.rates).to.equal(null)
  })

  it('are of the machines of the second look: one that is gone has no row', () => {
    const named = (name: string) => vmSample({ name, uuid: name })
    const rows = withRates([named('gone'), named('stays')], [named('stays'), named('comes')], 1)
    expect(rows.map(({ name, rates }) => [name, rates?.cpu])).to.deep.equal([['stays', 0], ['comes', undefined]])
  })

  it('are null where a counter went back, or nobody counts', () => {
    const [row] = withRates([was], [vmSample({ cpuTime: 12, nics: nic(50), disks: [] })], 1)
    expect(row?.rates).to.include({ cpu: 2, receivedBytes: null, readBytes: null })
  })

  it('sum all disks and interfaces', () => {
    expect(totals.writtenBytes(vmSample({ disks: [...was.disks, ...was.disks] }))).to.equal(40)
    expect(totals.sentBytes(vmSample({ nics: [] }))).to.equal(null)
  })
})
