import { BayError } from './errors.js'
import { LiveScreen } from './output/live-screen.js'
import type { TopView } from './top-view.js'
import type { Connection } from './virt/connection.js'
import { sampleVms, type VmSample } from './virt/ops/sample-vms.js'
import { withRates, type RatedVm } from './virt/ops/vm-rates.js'

/** Which machines are shown. */
type Keep = (rows: readonly RatedVm[]) => readonly RatedVm[]

/**
 * Shows a host's machines on the terminal until somebody presses q. Each look is one call to the host.
 * @throws the signal's reason, BayError `interrupted` for Ctrl-C, VirtError once the host is lost; the terminal is as it was
 */
export async function topLive(
  connection: Connection, view: TopView,
  { interval, signal, keep }: { interval: number, signal: AbortSignal, keep: Keep },
): Promise<void> {
  const [host, { cpus }] = [connection.hostname(), connection.nodeInfo()]
  const pressed: string[] = []
  let wake = () => {}
  using screen = new LiveScreen({
    key: (key) => {
      pressed.push(key)
      wake()
    },
    resized: () => wake(),
  })
  let rows: readonly RatedVm[] = []
  let before: { samples: VmSample[], at: number } | null = null
  for (;;) {
    const now = performance.now()
    if (before === null || now - before.at >= interval) {
      const samples = sampleVms(connection, { all: false })
      rows = keep(withRates(before?.samples ?? [], samples, before === null ? 0 : (now - before.at) / 1000))
      if (before !== null) view.add(rows)
      before = { samples, at: now }
    }
    const { columns, lines } = screen
    screen.draw(view.lines(rows, { host, cpus, time: new Date().toTimeString().slice(0, 8), columns, lines }), 2)
    const left = Math.max(0, before.at + interval - performance.now())
    if (pressed.length === 0) await sleep(left, signal, (done) => { wake = done })
    signal.throwIfAborted()
    for (const key of pressed.splice(0)) {
      if (key === 'q') return
      if (key === '\x03') throw new BayError('interrupted', 'interrupted')
      view.press(key)
    }
  }
}

/** Until the time is over, the signal comes, or whoever got `done` calls it. */
function sleep(milliseconds: number, signal: AbortSignal, hand: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done, { once: true })
    hand(done)
  })
}
