import { expect } from 'chai'
import fc from 'fast-check'
import { escapeControl, escapeInQuotes, escapeLines, hasUnsafe } from '../../../src/output/escape.js'
import { displayWidth, fitWidth, padWidth } from '../../../src/output/width.js'

describe('escaping for people', () => {
  const cases: [string, string][] = [
    ['plain', 'plain'], ['a\nb\r\tc', 'a\\nb\\r\\tc'], ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'], ['\0', '\\x00'], ['\x7f', '\\x7f'],
    ['\x9b31m', '\\x9b31m'], ['\x85', '\\x85'], ['a\u202eb', 'a\\u{202e}b'], ['\u2066\u2069', '\\u{2066}\\u{2069}'],
    ['\u200e\u200f\u061c', '\\u{200e}\\u{200f}\\u{61c}'], ['\u2028\u2029', '\\u{2028}\\u{2029}'], ['\u200b\u200d\ufeff', '\\u{200b}\\u{200d}\\u{feff}'],
    ['\ud800', '\\u{d800}'], ['\u{e0041}', '\\u{e0041}'], ['käse 日本 🙂 имя', 'käse 日本 🙂 имя'], ['back\\slash "quotes"', 'back\\slash "quotes"'],
  ]
  for (const [text, shown] of cases) it(`shows ${shown}`, () => { expect(escapeControl(text)).to.equal(shown) })

  it('leaves nothing that controls, twice changes nothing, and keeps all other text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = escapeControl(text)
      expect(hasUnsafe(shown)).to.be.false
      expect(shown).not.to.match(/[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\u061c\ufeff]/)
      expect(escapeControl(shown)).to.equal(shown)
      if (!hasUnsafe(text)) expect(shown).to.equal(text)
    }))
  })

  it('keeps the ends of lines where there are several', () => {
    expect(escapeLines('a\x1b[2J\n\r\tb\n')).to.equal('a\\x1b[2J\n\\r\\tb\n')
  })

  it('in JSON it loses nothing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = escapeInQuotes(JSON.stringify([text]))
      expect(JSON.parse(json)).to.deep.equal([text])
      expect(hasUnsafe(json)).to.be.false
    }))
  })
})

describe('the width of text', () => {
  const cases: [string, number][] = [
    ['', 0], ['abc', 3], ['é', 1], ['e\u0301', 1], ['日本', 4], ['한글', 4], ['ｱ', 1], ['Ａ', 2], ['🙂', 2], ['имя', 3], ['a…', 2], ['🇩🇪', 2], ['שלום', 4],
  ]
  for (const [text, width] of cases) it(`of ${JSON.stringify(text)} is ${width}`, () => { expect(displayWidth(text)).to.equal(width) })

  it('is kept by cutting and padding', () => {
    expect(fitWidth('abcdef', 4)).to.equal('abc…')
    expect(fitWidth('abcd', 4)).to.equal('abcd')
    expect(fitWidth('日本語', 4)).to.equal('日…')
    expect(fitWidth('日本語', 5)).to.equal('日本…')
    expect(padWidth('日', 4, 'left')).to.equal('日  ')
    expect(padWidth('7', 3, 'right')).to.equal('  7')
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 12 }), (raw, columns) => {
      const text = escapeControl(raw)
      expect(displayWidth(fitWidth(text, columns))).to.be.at.most(columns)
      expect(displayWidth(padWidth(fitWidth(text, columns), columns, 'left'))).to.equal(columns)
    }))
  })
})
