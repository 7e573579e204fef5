import { UsageError } from './errors.js'

/** How many are kept of each kind: the newest ones, and the newest of each hour, day, week, month and year that has one. */
export type Keep = Readonly<Record<KeepRule, number>>
export type KeepRule = 'last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'

/**
 * What is kept, as in `7d4w`, `24h7d4w12m3y`, `5` (the last five) or `5,7d4w`.
 * @throws UsageError for another spelling, for a letter that is given twice, and for what would keep nothing
 */
export function parseKeep(text: string, what = '--keep'): Keep {
  const keep = { ...nothing }
  for (const part of text.split(',').flatMap((each) => wholly.test(each) ? each.match(single) ?? [] : [''])) {
    const rule = ruleOf(part)
    if (rule === undefined) throw badKeep(text, what)
    if (keep[rule] > 0) throw new UsageError(`${what} ${quote(text)} says twice how many ${words[rule]} are kept`)
    keep[rule] = Number.parseInt(part, 10)
    if (keep[rule] === 0) throw new UsageError(`${what} ${quote(text)}: leave out what is not kept`, example)
  }
  return keep
}

/**
 * Which of some items are kept: for each rule, the newest item of each of its newest periods that have one, so that a pause of some
 * weeks costs nothing. Days and weeks (from Monday on) are those of the local clock. What is newer than now, as after a clock that
 * was wrong, is kept and does not count. The newest item is always kept, and keeping twice is the same as once.
 */
export function kept<T>(items: readonly T[], timeOf: (item: T) => Date, keep: Keep, now: Date): Set<T> {
  const newestFirst = items.map((item, index) => ({ item, index, time: timeOf(item) }))
    .sort((a, b) => b.time.getTime() - a.time.getTime() || b.index - a.index)
  const future = newestFirst.filter(({ time }) => time > now)
  const past = newestFirst.slice(future.length)
  const chosen = new Set(future.map(({ item }) => item))
  for (const [rule, periodOf] of Object.entries(periods)) {
    const seen = new Set<number>()
    for (const { item, index, time } of past) {
      if (seen.size >= keep[rule as KeepRule]) break
      const period = periodOf(time, index)
      if (!seen.has(period)) chosen.add(item)
      seen.add(period)
    }
  }
  return chosen
}

const nothing = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
const example = 'for example --keep 7d4w: the newest of each of 7 days and 4 weeks; h, m and y are hours, months and years, --keep 5 the last five'
const wholly = /^(?:\d{1,5}|(?:\d{1,5}[hdwmy])+)$/
const single = /\d+[hdwmy]?/g
const letters: Record<string, KeepRule> = { '': 'last', 'h': 'hourly', 'd': 'daily', 'w': 'weekly', 'm': 'monthly', 'y': 'yearly' }
const words: Record<KeepRule, string> = { last: 'of the last', hourly: 'hours', daily: 'days', weekly: 'weeks', monthly: 'months', yearly: 'years' }

/** What tells one period from another. */
const periods: Record<KeepRule, (time: Date, index: number) => number> = {
  last: (_, index) => index,
  hourly: (time) => Math.floor(time.getTime() / 3_600_000),
  daily: day,
  weekly: (time) => Math.floor((day(time) + daysFromMonday) / 7),
  monthly: (time) => 12 * time.getFullYear() + time.getMonth(),
  yearly: (time) => time.getFullYear(),
}

/** 1 January 1970 was a Thursday. */
const daysFromMonday = 3

/** The days of the local calendar, counted; one may have 23 or 25 hours. */
function day(time: Date): number {
  return Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) / 86_400_000
}

function ruleOf(part: string): KeepRule | undefined {
  return part === '' ? undefined : letters[part.replace(/^\d+/, '')]
}

function badKeep(text: string, what: string): UsageError {
  return new UsageError(`${what} ${quote(text)} does not say what is kept`, example)
}

function quote(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`
}
