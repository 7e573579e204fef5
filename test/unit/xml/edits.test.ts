import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../../src/errors.js'
import { parse, serialize, type XmlElement } from '../../../src/xml/node.js'
import { edits, wholeDocuments } from './edits.js'

const documents = wholeDocuments()
const document = fc.constantFrom(...documents)
const step = fc.constantFrom(...edits).chain((edit) => fc.tuple(fc.constant(edit), edit.change))

/** The document after a change, or null when that is refused. */
function changed(before: XmlElement, change: (root: XmlElement) => void): XmlElement | null {
  const copy = structuredClone(before)
  try {
    change(copy)
    return copy
  } catch (error) {
    if (error instanceof UsageError) return null
    throw error
  }
}

describe('changes to a machine\'s whole document', () => {
  it('has documents of all kinds', () => expect(documents).to.have.length.above(15))

  it('whatever the sequence, all that was not asked to change is as it was', () => {
    let made = 0
    fc.assert(fc.property(document, fc.array(step, { minLength: 1, maxLength: 8 }), (xml, steps) => {
      let root = parse(xml)
      const done = []
      for (const [edit, change] of steps) {
        const next = changed(root, change)
        if (!next) continue
        root = next
        done.push(edit)
      }
      made += done.length
      const [before, after] = [parse(xml), parse(serialize(root))]
      for (const { mask } of done) for (const each of [before, after]) mask(each)
      expect(serialize(after)).to.equal(serialize(before))
    }), { numRuns: 400 })
    expect(made).to.be.above(600)
  })

  it('the same change a second time changes nothing', () => {
    fc.assert(fc.property(document, step, (xml, [, change]) => {
      const once = changed(parse(xml), change)
      if (!once) return
      expect(changed(once, change)).to.deep.equal(once)
    }), { numRuns: 400 })
  })
})
