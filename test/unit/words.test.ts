import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../src/errors.js'
import { wordsOf } from '../../src/words.js'

describe('the words of a line', () => {
  for (const [line, ...words] of [
    ['vm start web-1', 'vm', 'start', 'web-1'],
    ['  vm\t start  ', 'vm', 'start'],
    [''], ['   '], ['# a remark'], ['  # a remark'],
    ['vm list # all', 'vm', 'list'],
    ['vm show a#b', 'vm', 'show', 'a#b'],
    [`vm show 'a b' "c d"`, 'vm', 'show', 'a b', 'c d'],
    [`vm show a' 'b"' "`, 'vm', 'show', `a b' `],
    [String.raw`a\ b \# "\"\\\n" '\'`, 'a b', '#', String.raw`"\\n`, '\\'],
    [`vm set '' ""`, 'vm', 'set', '', ''],
    ['echo $HOME `id` * ~ $(x) a;b |c >d', 'echo', '$HOME', '`id`', '*', '~', '$(x)', 'a;b', '|c', '>d'],
  ] as const) {
    it(line, () => expect(wordsOf(line)).to.deep.equal(words))
  }

  for (const line of [`vm show 'a`, 'vm show "a', 'vm show "a\\"', 'vm show a\\']) {
    it(`${line} is not finished`, () => expect(() => wordsOf(line)).to.throw(UsageError, /not closed|backslash/))
  }

  it('any words come back from quotes', () => {
    fc.assert(fc.property(fc.array(fc.string()), (words) => {
      const quoted = words.map((word) => `"${word.replaceAll(/["\\]/g, '\\$&')}"`)
      expect(wordsOf(quoted.join(' '))).to.deep.equal(words)
    }))
  })
})
