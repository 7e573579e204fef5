let writes = 0

/**
 * For the tests of recovery, and inert unless BAY_TEST_KILL_AT is set: this process ends as by kill -9 at its N-th journal
 * write, `N-` before the line is written and `N+` once it is synced; `INT:N-` and `TERM:N+` send it that signal instead. See
 * docs/decisions/0008-journal.md.
 */
export function killPoint(when: 'before' | 'after'): void {
  const wanted = process.env['BAY_TEST_KILL_AT']
  if (wanted === undefined) return
  if (when === 'before') writes += 1
  const [, signal = 'KILL', at] = /^(?:(INT|TERM):)?(.*)$/.exec(wanted) ?? []
  if (at === `${writes}${when === 'before' ? '-' : '+'}`) process.kill(process.pid, `SIG${signal}`)
}
