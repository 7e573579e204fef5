import { UsageError } from './errors.js'
import { escapeControl } from './output/escape.js'
import { compareNatural } from './output/sort.js'
import { sparkline } from './output/sparkline.js'
import { renderPlainTable, type Column } from './output/table.js'
import { diskRate, netRate, percent } from './stats-columns.js'
import { displayWidth } from './output/width.js'
import { formatSize } from './units.js'
import type { RatedVm } from './virt/ops/vm-rates.js'

const topKeys = ['cpu', 'memory', 'disk', 'net', 'name'] as const
type TopKey = typeof topKeys[number]

/** What is shown of the last looks: the newest last. */
interface History { cpu: (number | null)[], disk: (number | null)[], net: (number | null)[] }

/** How many bars there are: as many of these as fit beside the figures. */
const barCounts = [12, 8, 5, 3]
const mostBars = 12

/** How `bay top` is looked at: by what it is sorted, and what was seen of each machine until now. */
export class TopView {
  sort: TopKey
  reverse: boolean
  readonly #histories = new Map<string, History>()

  /** `sort` as lists have it: with - the highest first. @throws UsageError */
  constructor(sort = '-cpu') {
    const key = topKeys.find((each) => each === sort.replace(/^-/, ''))
    if (key === undefined) throw new UsageError(`top cannot be sorted by ${sort}`, `it can by ${topKeys.join(', ')}; with - the highest first`)
    this.sort = key
    this.reverse = sort.startsWith('-') === (key === 'name')
  }

  /** Takes the figures of one look; machines that are gone are forgotten. */
  add(rows: readonly RatedVm[]): void {
    const here = new Set(rows.map(({ uuid }) => uuid))
    for (const uuid of this.#histories.keys()) if (!here.has(uuid)) this.#histories.delete(uuid)
    for (const row of rows) {
      const history = this.#histories.get(row.uuid) ?? { cpu: [], disk: [], net: [] }
      this.#histories.set(row.uuid, {
        cpu: [...history.cpu, row.rates?.cpu ?? null].slice(-mostBars), disk: [...history.disk, diskRate(row)].slice(-mostBars),
        net: [...history.net, netRate(row)].slice(-mostBars),
      })
    }
  }

  /** The highest first, names from the beginning. */
  sorted(rows: readonly RatedVm[]): RatedVm[] {
    const byName = (a: RatedVm, b: RatedVm) => compareNatural(a.name, b.name)
    const value = amounts[this.sort]
    const order = [...rows].sort((a, b) => (value === null ? 0 : value(b) - value(a)) || byName(a, b))
    return this.reverse ? order.reverse() : order
  }

  /** A press of a key; whether it meant something here. */
  press(key: string): boolean {
    const found = topKeys.find((each) => letters[each] === key)
    if (found !== undefined) this.sort = found
    else if (key === 'r') this.reverse = !this.reverse
    else return false
    return true
  }

  /** The lines of a screen: a head, the heads of the columns, and as many machines as fit. */
  lines(rows: readonly RatedVm[], { host, cpus, time, columns, lines }: Screen): string[] {
    const busy = sum(rows.map(({ rates }) => rates?.cpu ?? 0))
    const head = `${escapeControl(host)}  ${time}  ${rows.length} running, CPU ${busy.toFixed(1)} of ${cpus}, `
      + `memory ${formatSize(sum(rows.map(({ memory }) => memory ?? 0)))}`
    const keys = topKeys.map((key) => `${letters[key]} ${key}${key === this.sort ? '*' : ''}`).join('  ')
    const shown = this.sorted(rows).slice(0, Math.max(0, lines - 3))
    return [head, ...this.#table(shown, rows, columns), `q quit  r reverse  by ${keys}`]
  }

  /** With fewer bars where the terminal is narrow, for the newest is at their end; what is too narrow for figures is cut. */
  #table(shown: readonly RatedVm[], rows: readonly RatedVm[], width: number): string[] {
    const drawn = (bars: number, at: number) => renderPlainTable(shown, this.#columns(rows, bars), { headers: true, width: at }).trimEnd().split('\n')
    for (const bars of barCounts) {
      const table = drawn(bars, Infinity)
      if (table.every((line) => displayWidth(line) <= width)) return table
    }
    return drawn(0, Math.max(width, 20))
  }

  #columns(rows: readonly RatedVm[], count: number): Column<RatedVm>[] {
    const seen = (of: keyof History) => rows.flatMap(({ uuid }) => this.#histories.get(uuid)?.[of] ?? [])
    const [disk, net] = [highest(seen('disk')), highest(seen('net'))]
    const bars = (of: keyof History, top: (row: RatedVm) => number) => (row: RatedVm) =>
      sparkline(this.#histories.get(row.uuid)?.[of] ?? [], count, top(row))
    const all: Column<RatedVm>[] = [
      { key: 'name', get: (row) => row.name },
      { key: 'cpu', header: 'CPU%', get: ({ rates }) => percent(rates?.cpu ?? null), align: 'right' },
      { key: 'cpuBars', header: '', get: bars('cpu', (row) => row.vcpus ?? 1) },
      { key: 'memory', get: (row) => row.memory === null ? null : formatSize(row.memory), align: 'right' },
      { key: 'used', header: 'USED', get: (row) => row.memoryUsed === null ? null : formatSize(row.memoryUsed), align: 'right' },
      { key: 'disk', header: 'DISK/S', get: (row) => rate(diskRate(row)), align: 'right' },
      { key: 'diskBars', header: '', get: bars('disk', () => disk) },
      { key: 'net', header: 'NET/S', get: (row) => rate(netRate(row)), align: 'right' },
      { key: 'netBars', header: '', get: bars('net', () => net) },
    ]
    return count === 0 ? all.filter(({ header }) => header !== '') : all
  }
}

export interface Screen { host: string, cpus: number, time: string, columns: number, lines: number }

const letters: Record<TopKey, string> = { cpu: 'c', memory: 'm', disk: 'd', net: 'n', name: 'a' }

const amounts: Record<TopKey, ((row: RatedVm) => number) | null> = {
  cpu: ({ rates }) => rates?.cpu ?? -1, memory: ({ memory }) => memory ?? -1,
  disk: (row) => diskRate(row) ?? -1, net: (row) => netRate(row) ?? -1, name: null,
}

function highest(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 1)
}

function rate(value: number | null): string | null {
  return value === null ? null : formatSize(Math.round(value))
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
