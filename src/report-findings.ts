import { html, type Content } from './output/html.js'
import { section, size, table } from './report-table.js'
import type { Finding } from './virt/ops/check-host-finding.js'
import type { Listed, ReportData } from './virt/ops/make-report.js'

/** What the checks found, before all else: what is well is only counted. */
export function findingTables({ checks: { host, net, filter, gc } }: ReportData): Content {
  return [
    section('Findings: host', host && checkTable(host)),
    section('Findings: networks', net && checkTable(net)),
    section('Findings: filters', filter && table(
      ['finding', 'machine', 'filter', 'fix'], filter.rows.map(({ text, vm, filter: name, fix }) => [text, vm, name, fix]), filter.total,
    )),
    section('What no machine uses', gc && table(
      ['kind', 'name', 'size', 'reason'], gc.rows.map(({ kind, name, size: bytes, reason }) => [kind, name, size(bytes), reason]), gc.total,
    )),
  ]
}

/** Of more than the page has room for the worst are there (make-report.ts), so that those left out are the last kind. */
function checkTable({ total, rows }: Listed<Finding>): Content {
  const bad = rows.filter(({ level }) => level !== 'ok')
  if (bad.length === 0) return html`<p>nothing wrong: ${total} looked at</p>`
  const left = bad.length === rows.length ? total : bad.length
  return table(['level', 'check', 'finding', 'what to do'], bad.map(({ level, check, message, hint }) => [
    html`<b class="${level}">${level}</b>`, check, message, hint,
  ]), left)
}
