import { readFileSync, writeFileSync } from 'node:fs'
import { compare, type Compared, type Suite } from './compare.js'
import { holds, keyOf, markdown, plot } from './print.js'

/**
 * Measures bay beside virsh, virt-install and python3-libvirt:
 *   node --import tsx bench/run.ts [--write] [SUITE …]
 * A ratio that is more than a quarter above the committed one is told, and a bar that is missed: exit code 3. With --write the new
 * ratios are the committed ones: ratios.json, ratios.md and ratios.svg here.
 */
const suites: Record<string, () => Promise<{ open: () => Promise<Suite> }>> = {
  transfer: () => import('./transfer.js'),
  install: () => import('./install.js'),
  startup: () => import('./startup.js'),
  scale: () => import('./scale.js'),
  batch: () => import('./batch.js'),
  start: () => import('./start.js'),
  define: () => import('./define.js'),
  hosts: () => import('./hosts.js'),
}

const slower = 1.25
const file = (name: string) => new URL(name, import.meta.url)
const committed = JSON.parse(readFileSync(file('ratios.json'), 'utf8')) as Compared[]

const words = process.argv.slice(2)
const write = words.includes('--write')
const names = words.filter((word) => word !== '--write')
const unknown = names.filter((name) => !(name in suites))
if (unknown.length > 0) throw new Error(`there is no suite ${unknown.join(', ')}: ${Object.keys(suites).join(', ')}`)

const rows: Compared[] = []
for (const name of names.length > 0 ? names : Object.keys(suites)) {
  const { open } = await suites[name]?.() ?? {}
  if (open === undefined) continue
  await using suite = await open()
  for (const comparison of suite.comparisons) {
    process.stderr.write(`${keyOf(comparison)} …\n`)
    rows.push(await compare(comparison))
  }
}
process.stdout.write(markdown(rows))

const found = rows.flatMap((row) => {
  const old = committed.find((each) => keyOf(each) === keyOf(row))
  return [
    ...holds(row) ? [] : [`${keyOf(row)}: ${row.ratio.median.toFixed(2)} of ${row.bar ?? '-'}, ${(row.peak / 1e6).toFixed(0)} MB`],
    ...old !== undefined && row.ratio.median > old.ratio.median * slower
      ? [`${keyOf(row)}: slower, ${row.ratio.median.toFixed(2)} and it was ${old.ratio.median.toFixed(2)}`]
      : [],
  ]
})
for (const each of found) process.stdout.write(`\n${each}`)
if (found.length > 0) process.stdout.write('\n')
process.exitCode = found.length > 0 ? 3 : 0

if (write) {
  const measured = new Set(rows.map(keyOf))
  const all = [...committed.filter((each) => !measured.has(keyOf(each))), ...rows]
  writeFileSync(file('ratios.json'), `${JSON.stringify(all, null, 2)}\n`)
  writeFileSync(file('ratios.md'), markdown(all))
  writeFileSync(file('ratios.svg'), plot(all))
}
