import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bayEnvironment, program } from '../test/lab/bay.js'

/** What a start costs beside Node's own: runs in turn, so that other work on the machine meets all alike. */
const node = process.argv[2] ?? process.execPath
const runs = 20

const cases = [
  { what: 'node -e 0', args: ['-e', '0'], bar: null },
  { what: 'bay --version', args: [program, '--version'], bar: 1.3 },
  { what: 'bay vm list', args: [program, 'vm', 'list'], bar: Number(/^v(\d+)/.exec(text('--version'))?.[1]) > 20 ? 2.5 : 2 },
  { what: 'bay __complete vm show', args: [program, '__complete', 'vm', 'show', ''], bar: 1.5 },
]

const cache = mkdtempSync(join(tmpdir(), 'bay-bench-'))
try {
  const env = { ...bayEnvironment({ uri: 'test:///default' }), XDG_CACHE_HOME: cache }
  for (const { args } of cases) once(args, env)
  const times = cases.map(() => new Array<number>())
  for (let round = 0; round < runs; round += 1) {
    for (const [index, { args }] of cases.entries()) times[index]?.push(once(args, env))
  }
  const base = median(times[0] ?? [])
  process.stdout.write(`| ${text('--version')}, ${runs} runs | min ms | median | max | beside node -e 0 | bar |\n| --- | ---: | ---: | ---: | ---: | ---: |\n`)
  for (const [index, { what, bar }] of cases.entries()) {
    const own = times[index] ?? []
    const figures = [Math.min(...own), median(own), Math.max(...own)].map((ms) => ms.toFixed(0)).join(' | ')
    process.stdout.write(`| ${what} | ${figures} | ${(median(own) / base).toFixed(2)} | ${bar ?? '-'} |\n`)
  }
} finally {
  rmSync(cache, { recursive: true })
}

function text(...args: string[]): string {
  return spawnSync(node, args, { encoding: 'utf8' }).stdout.trim()
}

function once(args: string[], env: Record<string, string>): number {
  const began = performance.now()
  const { status } = spawnSync(node, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}`)
  return performance.now() - began
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
