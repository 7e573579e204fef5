import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The same work done by bay and by something else, in turns in one run. */
export interface Comparison {
  name: string
  beside: string
  /** How many times as long as the other bay may take, by the medians. */
  bar?: number
  /** The most memory that bay may have, in bytes. */
  memory?: number
  pairs: number
  ours: Work
  theirs: Work
  /** Before each of the two. */
  before?: () => Promise<void>
}

export type Work = () => Promise<Run[]>

/** What one program used. */
export interface Run {
  /** bytes: the most that it had at once */
  peak: number
}

/** Comparisons that need the same surroundings. */
export interface Suite extends AsyncDisposable {
  comparisons: Comparison[]
}

export interface Spread { min: number, median: number, max: number }

/** Seconds, and how many times as long as the other bay took: by the medians, and pair by pair. */
export interface Compared {
  name: string
  beside: string
  bar: number | null
  pairs: number
  ours: Spread
  theirs: Spread
  ratio: Spread
  /** The same of the CPU time of all runs together, which tells more while other work keeps the machine busy. */
  cpu: number
  /** bytes */
  peak: number
  memory: number | null
}

export async function compare({ name, beside, bar, memory, pairs, ours, theirs, before }: Comparison): Promise<Compared> {
  const measured: { ours: Timed, theirs: Timed }[] = []
  // The first pair fills caches of both, and does not count.
  for (let pair = 0; pair <= pairs; pair += 1) {
    await before?.()
    const first = await timed(ours)
    await before?.()
    measured.push({ ours: first, theirs: await timed(theirs) })
  }
  const counted = measured.slice(1)
  const [our, their] = [spread(counted.map((each) => each.ours.seconds)), spread(counted.map((each) => each.theirs.seconds))]
  const ratios = spread(counted.map((each) => each.ours.seconds / each.theirs.seconds))
  return {
    name, beside, pairs, bar: bar ?? null, memory: memory ?? null, ours: our, theirs: their,
    ratio: { ...ratios, median: our.median / their.median },
    cpu: sum(counted.map((each) => each.ours.cpu)) / sum(counted.map((each) => each.theirs.cpu)),
    peak: Math.max(...counted.map((each) => each.ours.peak)),
  }
}

interface Timed { seconds: number, cpu: number, peak: number }

async function timed(work: Work): Promise<Timed> {
  const [began, before] = [performance.now(), cpuOfChildren()]
  const runs = await work()
  return {
    seconds: (performance.now() - began) / 1000, cpu: cpuOfChildren() - before, peak: Math.max(...runs.map(({ peak }) => peak)),
  }
}

/** What the programs that have ended used, in ticks, without what a daemon did for them: man 5 proc, /proc/PID/stat. */
function cpuOfChildren(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? []
  return Number(fields[13]) + Number(fields[14])
}

function sum(values: readonly number[]): number {
  return values.reduce((one, other) => one + other, 0)
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted.at(index) ?? Number.NaN
  const middle = sorted.length / 2
  return { min: at(0), max: at(-1), median: sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2 }
}

/** Runs a program to its end: what it used, and what it printed to stdout when that is asked for. @throws when it fails */
export function program(command: string, args: readonly string[], env: NodeJS.ProcessEnv, stdin?: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: [stdin === undefined ? 'ignore' : 'pipe', 'ignore', 'inherit'] })
    let peak = 0
    const look = () => { peak = Math.max(peak, memoryOf(child.pid ?? 0)) }
    const looks = setInterval(look, 10)
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(looks)
      if (code === 0) resolve({ peak })
      else reject(new Error(`${command} ${args.join(' ')}: exit code ${code}`))
    })
    child.stdin?.end(stdin)
  })
}

function memoryOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
