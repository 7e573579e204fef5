import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../base.js'
import { parseListen, serveMetrics } from '../metrics-server.js'
import { MetricsSource } from '../metrics-source.js'
import { renderMetrics, type MetricFamily } from '../output/prometheus.js'
import { writeResultFile } from '../result-file.js'
import { interruptible } from '../virt/ops/interrupt.js'

export default class Metrics extends BaseCommand<typeof Metrics> {
  static override summary = 'Give the host\'s figures to Prometheus'
  static override description = 'Machines, disks, interfaces, pools and networks in Prometheus\'s text format. --write makes a file for node_exporter\'s '
    + 'textfile folder, whole or not at all; --listen answers GET /metrics until it is ended. A host that does not answer is bay_up 0, there and in the file.'

  static override examples = [
    '<%= config.bin %> metrics',
    '<%= config.bin %> metrics -q --write /var/lib/prometheus/node-exporter/bay.prom',
    '<%= config.bin %> metrics --listen 127.0.0.1:9177',
  ]

  static override flags = {
    write: Flags.string({ helpValue: 'FILE', exclusive: ['listen'], description: 'write them to this file, which everybody may read' }),
    listen: Flags.string({ helpValue: '[ADDRESS:]PORT', description: 'answer Prometheus on this port, of this machine alone without an address' }),
  }

  async run(): Promise<readonly MetricFamily[]> {
    const { write, listen } = this.flags
    const source = new MetricsSource(() => this.openHost({ readOnly: true }))
    if (listen !== undefined) return this.#serve(source, listen)
    const { families, failure } = await source.scrape()
    if (write !== undefined) await writeResultFile(write, [Buffer.from(renderMetrics(families))], { replace: true, mode: 0o644 })
    if (failure) throw failure
    if (write === undefined) return await this.showValue(families, renderMetrics(families))
    await this.showValue({ action: 'write', kind: 'metrics', name: write, changed: true }, `metrics ${write}: written\n`)
    return families
  }

  /** Those who look after services want a line in their log whenever the host goes and comes back. */
  #serve(source: MetricsSource, listen: string): Promise<never> {
    let was = true
    const text = async () => {
      const { families, failure } = await source.scrape()
      if (was && failure) this.complain(`the host does not answer: ${failure.message}`)
      if (!was && !failure) this.complain('the host answers again')
      was = failure === null
      return renderMetrics(families)
    }
    return interruptible((signal) => serveMetrics(parseListen(listen), text, {
      signal, listening: (url) => this.note(`listening on ${url}`),
    }), (how) => ({ message: how }))
  }
}
