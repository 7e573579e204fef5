import { html, Markup, type Content } from './output/html.js'
import { renderMapSvg } from './output/map-svg.js'
import { reportStyle } from './report-style.js'
import { findingTables } from './report-findings.js'
import { section, size, table } from './report-table.js'
import { fitWidth } from './output/width.js'
import type { Listed, ReportData } from './virt/ops/make-report.js'
import type { NetworkRow } from './virt/ops/list-networks.js'
import type { PoolRow } from './virt/ops/list-pools.js'
import type { ReportVm, ReportVms } from './virt/ops/report-vms.js'

/**
 * The report as one page of HTML: no script, nothing from elsewhere, readable without its style and its picture, which some mail
 * readers drop. Every name is text in it (output/html.ts), and the page itself forbids browsers what it does not have.
 */
export function renderReport(report: ReportData): string {
  const { time, uri, host, machines, pools, networks, map, notes, unread } = report
  const title = `${host?.name ?? uri}: machines, ${time.slice(0, 16).replace('T', ' ')} UTC`
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(reportStyle)}</style>
</head>
<body>
<h1>${title}</h1>
${summary(report)}
${section('Not read', unread.length === 0 ? null : table(['part', 'why'], unread.map(({ part, text }) => [part, text])))}
${findingTables(report)}
${section('Host', host && table(['name', 'URI', 'libvirt', 'CPU', 'memory'], [[
  host.name, uri, `${host.type} ${host.libvirt}`, `${host.cpus} × ${[host.arch, host.cpu].filter((each) => each !== null).join(' ')}`,
  host.memoryFree === null ? size(host.memory) : `${size(host.memory)}, ${size(host.memoryFree)} free`,
]]))}
${section('Machines', machines && machinesTable(machines))}
${section('Pools', pools && poolsTable(pools))}
${section('Networks', networks && networksTable(networks))}
${map && html`<div class="map">${new Markup(renderMapSvg(map))}</div>`}
${section('Not looked at', notes.length === 0 ? null : table(['part', 'why'], notes.map(({ part, text }) => [part, text])))}
</body>
</html>
`.text
}

function summary({ machines, pools, checks }: ReportData): Markup {
  const levels = [...checks.host?.rows ?? [], ...checks.net?.rows ?? []].map(({ level }) => level)
  const count = (wanted: string) => levels.filter((level) => level === wanted).length
  const said = [
    ...machines ? [`machines: ${machines.total}`, ...Object.entries(machines.states).map(([state, number]) => `${state}: ${number}`)] : [],
    ...pools ? [`pools: ${pools.total}`] : [],
    `problems: ${count('problem')}`, `warnings: ${count('warning')}`,
  ]
  return html`<p>${said.join(' · ')}</p>`
}

function machinesTable({ total, rows }: ReportVms): Content {
  return table(['name', 'state', 'vCPUs', 'memory', 'disks', 'addresses'], rows.map(({ name, title, description, state, vcpus, memory, disks, addresses }) => [
    [name, remark(title), remark(description)], state, vcpus, size(memory), disks.map(diskLine), addresses.join(', ') || '-',
  ]), total)
}

/** What people wrote of a machine may be long. */
function remark(text: string | null): Content {
  return text === null || text.trim() === '' ? null : html`<br><small>${fitWidth(text.trim(), 160)}</small>`
}

function diskLine({ target, allocation, capacity }: ReportVm['disks'][number]): Content {
  if (allocation === null || capacity === null) return html`<div>${target}</div>`
  return html`<div>${target} ${size(allocation)} of ${size(capacity)}${bar(allocation, capacity)}</div>`
}

function poolsTable({ total, rows }: Listed<PoolRow>): Content {
  return table(['name', 'state', 'type', 'filled', 'available', 'path'], rows.map(({ name, state, type, allocation, capacity, available, path }) => [
    name, state, type,
    allocation === null || capacity === null ? '-' : [`${percent(allocation, capacity)} % of ${size(capacity)}`, bar(allocation, capacity)],
    size(available), path ?? '-',
  ]), total)
}

function networksTable({ total, rows }: Listed<NetworkRow>): Content {
  return table(['name', 'state', 'mode', 'bridge', 'addresses'], rows.map(({ name, active, mode, bridge, subnets }) => [
    name, active ? 'active' : 'inactive', mode, bridge ?? '-', subnets.map(({ address, prefix }) => `${address}/${prefix ?? '?'}`).join(', ') || '-',
  ]), total)
}

function bar(part: number, whole: number): Content {
  const filled = percent(part, whole)
  return html`<div class="bar"><div class="${filled >= 90 ? 'full' : 'fill'}" style="width:${filled}%"></div></div>`
}

/** A disk may take more than it holds, for it has tables too. */
function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.round(100 * part / whole)) : 0
}
