import { expect } from 'chai'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { parse, serialize } from '../../../src/xml/node.js'
import { goldens, schemaKinds } from './goldens.js'

const folder = new URL('../../fixtures/xml/golden/', import.meta.url)
const update = process.env['UPDATE_GOLDEN'] === '1'

describe('xml goldens', () => {
  before(() => {
    if (update && process.env['CI']) throw new Error('UPDATE_GOLDEN rewrites what it should check: not in CI')
  })

  for (const [name, element] of Object.entries(goldens())) {
    it(`${name} is built as its file says`, () => {
      const file = new URL(`${name}.xml`, folder)
      const built = `${serialize(element)}\n`
      if (update) writeFileSync(file, built)
      expect(built).to.equal(readFileSync(file, 'utf8'))
      expect(parse(built)).to.deep.equal(element)
    })
  }

  it('has a builder for each file, and a schema for each', () => {
    const files = readdirSync(folder).map((file) => file.replace(/\.xml$/, ''))
    expect(files.sort()).to.deep.equal(Object.keys(goldens()).sort())
    for (const element of Object.values(goldens())) expect(schemaKinds).to.have.property(element.name)
  })
})
