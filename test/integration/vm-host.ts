import pMap from 'p-map'
import { bay, type BayOptions, type BayResult } from '../lab/bay.js'

/** Runs bay on libvirt's test host, which begins anew with each run: one machine, `test`, that is running. */
export function onTest(line: string, options: BayOptions = {}): Promise<BayResult> {
  return bay(line.split(' '), { uri: 'test:///default', ...options })
}

/** The same for many lines, some at a time; the results by their lines. */
export async function allOnTest(lines: readonly string[]): Promise<Map<string, BayResult>> {
  return new Map(await pMap(lines, async (line): Promise<[string, BayResult]> => [line, await onTest(line)], { concurrency: 4 }))
}
