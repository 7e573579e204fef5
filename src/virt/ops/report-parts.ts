import { BayError } from '../../errors.js'
import type { Host } from './host.js'
import { isLoss } from './lost.js'
import { plainly } from './sandbox-lacks.js'

/** Something that is said of a part of a report. */
export interface PartNote {
  part: string
  text: string
}

/** The parts of a report: one that cannot be read is told of and does not end it, unless the host was lost. */
export class ReportParts {
  readonly notes: PartNote[] = []
  readonly unread: PartNote[] = []
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /** null when it cannot be read */
  async read<T>(part: string, look: () => T | Promise<T>): Promise<T | null> {
    try {
      return await look()
    } catch (error) {
      if (!(error instanceof BayError) || isLoss(error)) throw error
      this.unread.push({ part, text: plainly(error, this.#host).message })
      return null
    }
  }

  note(part: string, texts: readonly string[]): void {
    this.notes.push(...texts.map((text) => ({ part, text })))
  }
}
