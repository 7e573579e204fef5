/** What a strict reader of Prometheus's text format finds. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export interface Exposed { type: string, help: string, samples: { labels: Record<string, string>, value: number }[] }

/** @throws Error for whatever the format, or the conventions for names, do not allow */
export function readExposition(text: string): Map<string, Exposed> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line is not ended')
  const families = new Map<string, Exposed>()
  let current: [string, Exposed] | undefined
  const seen = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) ((?:[^\\]|\\[\\n])*)$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge)$/.exec(line)
    if (help) {
      if (families.has(help[1] ?? '')) throw new Error(`twice: ${line}`)
      current = [help[1] ?? '', { type: '', help: help[2] ?? '', samples: [] }]
      families.set(...current)
    } else if (type) {
      if (current === undefined || current[0] !== type[1] || current[1].type !== '' || current[1].samples.length > 0) throw new Error(`out of place: ${line}`)
      current[1].type = type[2] ?? ''
      if ((type[2] === 'counter') !== current[0].endsWith('_total')) throw new Error(`only a counter ends in _total: ${line}`)
    } else {
      const [, name, inner = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{([^]*)\})? (\S+)$/.exec(line) ?? []
      if (current === undefined || name !== current[0] || current[1].type === '') throw new Error(`no sample of ${current?.[0]}: ${line}`)
      if (seen.has(line.slice(0, line.lastIndexOf(' ')))) throw new Error(`the same series twice: ${line}`)
      seen.add(line.slice(0, line.lastIndexOf(' ')))
      current[1].samples.push({ labels: readLabels(inner), value: readNumber(value) })
    }
  }
  return families
}

function readLabels(inner: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (let rest = inner; rest !== '';) {
    const found = /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/.exec(rest)
    const [all, key = '', value = ''] = found ?? []
    if (all === undefined || key.startsWith('__') || key in labels) throw new Error(`these are no labels: ${inner}`)
    labels[key] = value.replaceAll(/\\(.)/g, (_, sign: string) => sign === 'n' ? '\n' : sign)
    rest = rest.slice(all.length)
  }
  return labels
}

function readNumber(text: string): number {
  if (/^[+-]Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (!/^(NaN|-?\d+(\.\d+)?(e[+-]?\d+)?)$/.test(text)) throw new Error(`no number: ${text}`)
  return Number(text)
}
