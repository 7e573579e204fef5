/**
 * Does one operation after the other 100,000 times in one process and measures what it leaves in memory.
 * `node --expose-gc --import tsx bench/leaks.ts [COUNT]`; exit code 1 when something leaks. docs/memory.md has its figures.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { countCalls } from './counted-ffi.js'

const counted = countCalls()
const [
  { DataType }, { callNative, callNativeInThread }, { callInBackground }, { Connection }, { VirtError }, { Watch },
] = await Promise.all([
  import('ffi-rs'), import('../src/virt/raw/library.js'), import('../src/virt/raw/bind.js'),
  import('../src/virt/connection.js'), import('../src/virt/errors.js'), import('../src/virt/watch.js'),
])

const count = Number(process.argv[2] ?? 100_000)
const collect = (globalThis as { gc?: () => void }).gc
if (!collect || !Number.isInteger(count) || count < 1000) {
  process.stderr.write('node --expose-gc --import tsx bench/leaks.ts [COUNT of at least 1000]\n')
  process.exit(2)
}

/** What the measurement itself moves about, mostly at the start: pages that malloc and V8 keep for later. */
const tolerance = (count >= 100_000 ? 2 : 8) * 2 ** 20

interface Memory {
  /** bytes of the process outside V8's heap: all that C and ffi-rs have, and the Buffers */
  native: number
  /** bytes of living JavaScript objects */
  objects: number
  rss: number
}

interface Row {
  what: string
  count: number
  calls: number
  microseconds: number
  growth: Memory
}

type Work = () => unknown

/** Nothing but a call: what ffi-rs keeps of each, whatever is called. */
const baseline: Record<string, Work> = {
  'ffi-rs: getppid()': () => callNative({ library: 'libc', name: 'getppid', result: DataType.I32, types: [], values: [] }),
  'ffi-rs: llabs(bigint)': () => callNative({ library: 'libc', name: 'llabs', result: DataType.BigInt, types: [DataType.BigInt], values: [-5n] }),
}

/** For comparison: how pointers are not passed here. */
const external: Record<string, Work> = {
  'ffi-rs: llabs(), result as External': () => callNative({
    library: 'libc', name: 'llabs', result: DataType.External, types: [DataType.BigInt], values: [-5n],
  }),
}

using host = await Connection.open('test:///default')
using machine = host.domain('test')

const operations: Record<string, Work> = {
  'lookup': () => { using found = host.domain('test'); return found.disposed },
  'XML dump': () => machine.xml(),
  'list': () => { using found = host.domains(); return found.length },
  'failed lookup': () => {
    try {
      return host.domain('nope')
    } catch (error) {
      return expected(error)
    }
  },
  'statistics of all machines': () => host.domainStats(1),
  'addresses': () => machine.addresses(0),
}

const background: Record<string, Work> = {
  'ffi-rs: getppid() on another thread': () => callNativeInThread({ library: 'libc', name: 'getppid', result: DataType.I32, types: [], values: [] }),
  'failed lookup in the background': () => callInBackground(host.pointer, 'virNetworkLookupByName', host.pointer, 'nope').catch(expected),
}

const watching: Record<string, Work> = {
  'watch for events': async () => {
    await watchOnce()
    // The event loop's thread ends a moment later.
    await pause(10)
  },
}

const own = await measureAll(baseline, count)
const perCall = Math.max(0, ...own.map(({ growth, calls }) => growth.native / calls))
const judged = [...await measureAll(operations, count), ...await measureAll(background, count / 5)]
// A watch is shown and not judged: a command makes one for each machine that it waits for. docs/memory.md says more.
const rows = [...own, ...await measureAll(external, count / 10), ...judged, ...await measureAll(watching, count / 100)]
const leaks = judged.filter((row) => row.growth.native > limitOf(row) || row.growth.objects > tolerance)
report()
process.exitCode = leaks.length === 0 ? 0 : 1

async function watchOnce(): Promise<void> {
  using watch = new Watch(host)
  await watch.until(() => true)
}

function expected(error: unknown): unknown {
  if (!(error instanceof VirtError)) throw error
  return error
}

async function measureAll(works: Record<string, Work>, times: number): Promise<Row[]> {
  const done: Row[] = []
  for (const [what, work] of Object.entries(works)) done.push(await measure(what, work, Math.floor(times)))
  return done
}

async function measure(what: string, work: Work, times: number): Promise<Row> {
  await repeat(work, Math.max(Math.floor(times / 2), Math.min(times, 2000)))
  const before = await memory()
  const [callsBefore, began] = [counted(), performance.now()]
  await repeat(work, times)
  const microseconds = (performance.now() - began) * 1000 / times
  const calls = counted() - callsBefore
  const after = await memory()
  const growth = { native: after.native - before.native, objects: after.objects - before.objects, rss: after.rss - before.rss }
  return { what, count: times, calls, microseconds, growth }
}

async function repeat(work: Work, times: number): Promise<void> {
  for (let done = 0; done < times; done += 1) {
    const result = work()
    if (result instanceof Promise) await result
  }
}

async function memory(): Promise<Memory> {
  for (let round = 0; round < 3; round += 1) {
    collect?.()
    await pause(30)
  }
  const { rss, heapTotal, heapUsed } = process.memoryUsage()
  return { native: rss - heapTotal, objects: heapUsed, rss }
}

/** What ffi-rs leaks by itself, call by call, and the tolerance. */
function limitOf({ calls }: Row): number {
  return calls * perCall + tolerance
}

function report(): void {
  const lines = [
    `Node ${process.version}, libvirt ${version(host.libraryVersion())}, test:///default`,
    '',
    '| operation | times | calls each | µs each | RSS | outside V8 | JS objects | bytes each | limit |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows.map((row) => `| ${[
      row.what, row.count.toLocaleString('en'), (row.calls / row.count).toFixed(1), row.microseconds.toFixed(1), mega(row.growth.rss),
      mega(row.growth.native), mega(row.growth.objects), (row.growth.native / row.count).toFixed(1),
      judged.includes(row) ? mega(limitOf(row)) : '',
    ].join(' | ')} |`),
    '',
    `ffi-rs itself leaves ${perCall.toFixed(1)} bytes a call. ${leaks.length === 0 ? 'Nothing leaks.' : `Leaks: ${leaks.map(({ what }) => what).join(', ')}.`}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function mega(bytes: number): string {
  return `${bytes < 0 ? '' : '+'}${(bytes / 1e6).toFixed(1)} MB`
}

function version(number: number): string {
  return [number / 1e6, number / 1000 % 1000, number % 1000].map(Math.floor).join('.')
}
