import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../src/errors.js'
import { escapeControl } from '../../src/output/escape.js'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/units.js'

function refusal(run: () => unknown): UsageError {
  try {
    run()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('sizes', () => {
  const good: [string, number][] = [
    ['512M', 512 * 1024 ** 2], ['2G', 2 * 1024 ** 3], ['1.5GiB', 1.5 * 1024 ** 3], ['100KiB', 102_400], ['1T', 1024 ** 4],
    ['2GB', 2e9], ['500MB', 5e8], ['1kB', 1000], ['1KB', 1000], ['1024B', 1024], ['1P', 1024 ** 5], ['0.001EB', 1e15],
    ['0.5K', 512], ['1.1G', 1_181_116_006], ['9007199254740991B', Number.MAX_SAFE_INTEGER], ['02G', 2 * 1024 ** 3],
  ]
  for (const [text, bytes] of good) it(`${text} is ${bytes} bytes`, () => { expect(parseSize(text)).to.equal(bytes) })

  const bad = [
    '', ' ', '2048', '1.5', '0', '-1', '-1G', '0G', '0.0G', '0.1B', '1.5B', 'G', '2 G', ' 2G', '2G ', '2G\n', '+2G', '1e3M', '0x10M',
    '1,5G', '1.G', '.5G', '1..5G', '2g', '2gb', '2Gb', '2GIB', '2mib', 'NaN', 'NaNG', 'Infinity', 'InfinityG', '2X', '2GG', '2GiBs',
    '9007199254740992B', '8P', '16E', '99999999999999999999E', `${'9'.repeat(1000)}G`, '٣G', '2\u202eG', '1_000M', '2BiB', '2kiB', '2k',
  ]
  for (const text of bad) {
    it(`refuses ${escapeControl(JSON.stringify(text.slice(0, 30)))}`, () => {
      const error = refusal(() => parseSize(text, '--memory'))
      expect(error.message).to.match(/^--memory "/)
      expect(error.message.length).to.be.below(120)
      expect(error.exitCode).to.equal(2)
    })
  }

  it('names the cure of a bare number', () => {
    expect(refusal(() => parseSize('2048')).hints).to.deep.equal(['write 2048M or 2G'])
    expect(refusal(() => parseSize('20')).hints).to.deep.equal(['write 20M or 20G'])
    expect(refusal(() => parseSize('1.5')).hints).to.deep.equal(['write 1.5M or 1.5G'])
  })

  it('names the spelling that was meant', () => {
    expect(refusal(() => parseSize('2g')).hints).to.deep.equal(['write 2G'])
    expect(refusal(() => parseSize('2 gib')).hints).to.deep.equal(['write 2GiB'])
    expect(refusal(() => parseSize('junk')).hints[0]).to.contain('512M')
  })

  it('are formatted for people', () => {
    const [M, G] = [1024 ** 2, 1024 ** 3]
    const shown = [0, 1, 1023, 1024, 1536, 512 * M, 2 * G, 1.5 * G, G - 1, 1024 ** 5, 2 ** 64, -2048, NaN]
    expect(shown.map(formatSize)).to.deep.equal(
      ['0B', '1B', '1023B', '1K', '1.5K', '512M', '2G', '1.5G', '1G', '1P', '16E', '-2K', '-'])
  })

  it('come back from their formatted text within its precision', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 52 }), (bytes) => {
      expect(Math.abs(parseSize(formatSize(bytes)) - bytes)).to.be.at.most(bytes * 0.051)
    }))
  })

  it('come back exactly when they are whole units', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1023 }), fc.integer({ min: 0, max: 4 }), (count, power) => {
      expect(parseSize(formatSize(count * 1024 ** power))).to.equal(count * 1024 ** power)
    }))
  })

  it('are whole bytes, whatever the fraction', () => {
    const factors = { K: 1024, M: 1024 ** 2, GiB: 1024 ** 3, GB: 1e9 }
    const unit = fc.constantFrom('K', 'M', 'GiB', 'GB')
    fc.assert(fc.property(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 0, max: 999_999 }), unit, (whole, part, unit) => {
      const bytes = parseSize(`${whole}.${String(part).padStart(6, '0')}${unit}`)
      expect(Number.isSafeInteger(bytes)).to.be.true
      expect(bytes).to.be.closeTo((whole + part / 1e6) * factors[unit], 1.01)
    }))
  })

  it('give a safe integer or a UsageError for any text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+.0-9eE]{0,12}[KMGTPEkiB]{0,3}$/)), (text) => {
      try {
        expect(parseSize(text)).to.satisfy((bytes: number) => Number.isSafeInteger(bytes) && bytes > 0)
      } catch (error) {
        expect(error).to.be.instanceOf(UsageError)
      }
    }), { numRuns: 2000 })
  })
})

describe('durations', () => {
  const good: [string, number][] = [
    ['90s', 90_000], ['2m', 120_000], ['1h30m', 5_400_000], ['500ms', 500], ['1d', 86_400_000], ['7d', 604_800_000],
    ['1d2h3m4s5ms', 93_784_005], ['1m30s', 90_000], ['0h5m', 300_000],
  ]
  for (const [text, ms] of good) it(`${text} is ${ms} ms`, () => { expect(parseDuration(text)).to.equal(ms) })

  const bad = ['', '90', '0', '0s', '-5s', '1.5h', '30m1h', '1h1h', '5 s', ' 5s', '5s\n', '5S', '5x', 's', '8d', '7d1ms', '999999999999s', 'NaN']
  for (const text of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(refusal(() => parseDuration(text, '--timeout')).message).to.match(/^--timeout "/)
    })
  }

  it('names the cure of a bare number', () => {
    expect(refusal(() => parseDuration('90')).hints).to.deep.equal(['write 90s or 90m'])
  })

  it('are formatted for people', () => {
    expect([0, 0.35, 42, 60, 312, 3600, 7380, 86_400, 273_600, 59.9, -5, Infinity].map(formatDuration)).to.deep.equal(
      ['0s', '350ms', '42s', '1m', '5m12s', '1h', '2h3m', '1d', '3d4h', '59s', '-5s', '-'])
  })

  it('come back from their formatted text, short of the smaller unit', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 604_800 }), (seconds) => {
      const back = parseDuration(formatDuration(seconds)) / 1000
      const unit = seconds >= 86_400 ? 3600 : seconds >= 3600 ? 60 : 1
      expect(back).to.be.within(seconds - unit + 1, seconds)
    }))
  })
})
