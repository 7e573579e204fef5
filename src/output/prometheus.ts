/** A family of metrics: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export interface MetricFamily {
  /** with its unit, and `_total` when it is a counter */
  name: string
  help: string
  type: 'counter' | 'gauge'
  samples: MetricSample[]
}

export interface MetricSample {
  labels: Readonly<Record<string, string>>
  value: number
}

/** What the text is called in HTTP. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** The families as Prometheus's text; one without samples is left out. Labels are anybody's words and cannot break a line. */
export function renderMetrics(families: readonly MetricFamily[]): string {
  return families.filter(({ samples }) => samples.length > 0).map(family).join('')
}

function family({ name, help, type, samples }: MetricFamily): string {
  const head = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
  return head + samples.map(({ labels, value }) => `${name}${labelText(labels)} ${number(value)}\n`).join('')
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
