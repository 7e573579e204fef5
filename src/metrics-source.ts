import { BayError } from './errors.js'
import { hostMetrics, up } from './metrics-families.js'
import type { MetricFamily } from './output/prometheus.js'
import type { Host } from './virt/ops/host.js'
import { isLoss } from './virt/ops/lost.js'
import { sampleHost } from './virt/ops/sample-host.js'

/** What a look gave: of a host that cannot be asked only that it is not up, and why. */
export interface Scrape {
  families: MetricFamily[]
  failure: BayError | null
}

/** The metrics of one host, over one connection that is opened again once it is lost. */
export class MetricsSource {
  readonly #open: () => Promise<Host>
  #host: Host | null = null
  #underWay: Promise<Scrape> | null = null

  constructor(open: () => Promise<Host>) {
    this.#open = open
  }

  /** Who asks while a look is under way gets what that one finds: a connection has one call at a time. */
  scrape(): Promise<Scrape> {
    this.#underWay ??= this.#scrape().finally(() => { this.#underWay = null })
    return this.#underWay
  }

  async #scrape(): Promise<Scrape> {
    const began = performance.now()
    try {
      const families = await this.#look()
      return { families: [...families, took((performance.now() - began) / 1000)], failure: null }
    } catch (error) {
      if (!(error instanceof BayError)) throw error
      await this.#leave()
      return { families: [up(0)], failure: error }
    }
  }

  async #look(): Promise<MetricFamily[]> {
    const kept = this.#host
    // The embedded host is read once for each connection, so an old one knows nothing new.
    if (kept && (!kept.shared || !kept.connection.isAlive())) await this.#leave()
    const fresh = this.#host === null
    const host = this.#host ??= await this.#open()
    try {
      return hostMetrics(sampleHost(host.connection))
    } catch (error) {
      if (fresh || !isLoss(error)) throw error
      // A daemon that was restarted a moment ago is there again.
      await this.#leave()
      return this.#look()
    }
  }

  async #leave(): Promise<void> {
    const host = this.#host
    this.#host = null
    await host?.[Symbol.asyncDispose]()
  }
}

function took(seconds: number): MetricFamily {
  return { name: 'bay_scrape_duration_seconds', help: 'How long it took to ask the host', type: 'gauge', samples: [{ labels: {}, value: seconds }] }
}
