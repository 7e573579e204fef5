import { expect } from 'chai'
import { serialize } from '../../../src/xml/node.js'
import { markedDescription, readMark, readSnapshot, snapshotElement } from '../../../src/xml/snapshot.js'

describe('snapshots in XML', () => {
  it('an external one with memory is written, and read again', () => {
    const description = markedDescription('before <the> upgrade', { auto: false, group: 'web' })
    const xml = serialize(snapshotElement({
      name: 's', description, memory: { file: '/p/m' },
      disks: [{ target: 'vda', by: { layer: '/p/a&b' } }, { target: 'sda', by: 'no' }, { target: 'vdb', by: 'internal' }],
    }))
    expect(readSnapshot(xml)).to.deep.include({
      name: 's', description: 'before <the> upgrade\n[bay group=web]', memory: 'external', memoryFile: '/p/m', parent: null, domain: null,
      disks: [
        { target: 'vda', kind: 'external', layer: '/p/a&b' }, { target: 'sda', kind: 'no', layer: null },
        { target: 'vdb', kind: 'internal', layer: null },
      ],
    })
  })

  for (const text of [null, 'for an upgrade', 'two\nlines', '[bay]']) {
    for (const mark of [{ auto: true, group: null }, { auto: false, group: 'web-1' }, { auto: true, group: 'x' }, { auto: false, group: null }]) {
      it(`the mark ${JSON.stringify(mark)} after ${JSON.stringify(text)} is told from the text`, () => {
        expect(readMark(markedDescription(text, mark))).to.deep.equal({ text, mark })
      })
    }
  }

  it('a snapshot of another tool has no mark', () => {
    expect(readMark('made by hand [bay auto]')).to.deep.equal({ text: 'made by hand [bay auto]', mark: null })
    expect(readMark(null)).to.deep.equal({ text: null, mark: null })
  })
})
