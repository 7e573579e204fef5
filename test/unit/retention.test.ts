import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../src/errors.js'
import { kept, parseKeep, type Keep } from '../../src/retention.js'

const none: Keep = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }

describe('retention: what is kept', () => {
  const written: [string, Partial<Keep>][] = [
    ['5', { last: 5 }], ['7d4w', { daily: 7, weekly: 4 }], ['24h7d4w12m3y', { hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 3 }],
    ['5,7d4w', { last: 5, daily: 7, weekly: 4 }], ['4w7d', { daily: 7, weekly: 4 }], ['3,1y', { last: 3, yearly: 1 }],
  ]
  for (const [text, keep] of written) {
    it(`${text} is read`, () => expect(parseKeep(text)).to.deep.equal({ ...none, ...keep }))
  }

  for (const text of ['', 'd', '7D', '-1d', '7d 4w', '7d5', '1.5d', '7d,', '7d4w7d', '5,6', '0', '0d', '7d0w', '999999d', '7s', '7d;4w']) {
    it(`"${text}" is refused, with an example`, () => {
      expect(() => parseKeep(text)).to.throw(UsageError).with.property('message').that.contains('--keep')
    })
  }

  const now = new Date(2026, 10, 23, 12)
  const daysAgo = (days: number, hour = 3) => new Date(2026, 10, 23 - days, hour)
  const keptDays = (text: string, times: readonly Date[]) => {
    const chosen = kept(times, (time) => time, parseKeep(text), now)
    return times.flatMap((time, index) => chosen.has(time) ? index : [])
  }

  it('the newest of each day, and of each week from Monday on', () => {
    // 23 November 2026 is a Monday: one a night, so index and age in days are the same.
    const nights = Array.from({ length: 40 }, (_, days) => daysAgo(days))
    expect(keptDays('7d4w', nights)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 8, 15])
    expect(keptDays('2m', nights)).to.deep.equal([0, 23])
    expect(keptDays('3', nights)).to.deep.equal([0, 1, 2])
    expect(keptDays('2,1y', nights)).to.deep.equal([0, 1])
  })

  it('several of a day leave the newest', () => {
    expect(keptDays('2d', [daysAgo(0, 1), daysAgo(0, 9), daysAgo(1, 1), daysAgo(1, 2), daysAgo(2)])).to.deep.equal([1, 3])
  })

  it('days without any are not counted, so that a pause costs nothing', () => {
    expect(keptDays('3d', [daysAgo(30), daysAgo(31), daysAgo(32), daysAgo(33)])).to.deep.equal([0, 1, 2])
  })

  it('what is from the future is kept, and does not take the place of another', () => {
    expect(keptDays('1', [daysAgo(-3), daysAgo(0), daysAgo(1)])).to.deep.equal([0, 1])
  })

  it('the hour and the day of a change of the clock are told apart', () => {
    expect(keptDays('2h', [new Date(2026, 9, 25, 0, 59), new Date(2026, 9, 25, 1, 0), new Date(2026, 9, 25, 3, 0)])).to.deep.equal([1, 2])
  })

  const times = fc.array(fc.date({ min: new Date(2020, 0, 1), max: now, noInvalidDate: true }), { maxLength: 60 })
  const count = fc.nat(9)
  const keeps = fc.record({ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count })
    .filter((keep) => Object.values(keep).some((each) => each > 0))
  const choose = (items: readonly Date[], keep: Keep) => [...kept(items, (time) => time, keep, now)]
  const sorted = (items: readonly Date[]) => items.map(Number).sort((a, b) => a - b)

  it('never keeps more than it says, always the newest, and twice is once', () => {
    fc.assert(fc.property(times, keeps, (items, keep) => {
      const chosen = choose(items, keep)
      expect(chosen.length).to.be.at.most(Object.values(keep).reduce((sum, each) => sum + each, 0))
      if (items.length > 0) expect(Math.max(...chosen.map(Number))).to.equal(Math.max(...items.map(Number)))
      expect(sorted(choose(chosen, keep))).to.deep.equal(sorted(chosen))
    }))
  })

  it('the order in which they come does not matter, and who asks to keep more keeps no other less', () => {
    fc.assert(fc.property(times, keeps, keeps, (items, keep, more) => {
      const chosen = choose(items, keep)
      expect(sorted(choose([...items].reverse(), keep))).to.deep.equal(sorted(chosen))
      const sum: Keep = {
        last: keep.last + more.last, hourly: keep.hourly + more.hourly, daily: keep.daily + more.daily,
        weekly: keep.weekly + more.weekly, monthly: keep.monthly + more.monthly, yearly: keep.yearly + more.yearly,
      }
      expect(sorted(choose(items, sum))).to.include.members(sorted(chosen))
    }))
  })

  it('one a day, cut down each day, ends as if it had been cut down once', () => {
    fc.assert(fc.property(keeps, fc.integer({ min: 1, max: 90 }), (keep, days) => {
      const nights = Array.from({ length: days }, (_, index) => new Date(2026, 7, 1 + index, 3))
      const stepwise = nights.reduce<Date[]>((have, night) => [...kept([...have, night], (time) => time, keep, night)], [])
      expect(stepwise.length).to.be.at.least(Math.min(days, keep.last, keep.daily))
      expect(sorted(stepwise)).to.include.members(sorted(choose(nights, { ...keep, monthly: 0, yearly: 0, weekly: 0 })))
    }))
  })
})
