import type { Connection } from '../connection.js'
import { VolumeUse } from './volume-use.js'

/** Milliseconds for which what was read counts, and how many times as long as reading it took. */
const fresh = 1000
const share = 10

/**
 * Who uses which volume, for a run that deletes many of them, or machines with theirs: a read takes a call for each machine
 * and each volume of the host, so one serves all that are deleted within a second; after that somebody may have given one of
 * them to a machine. A dry run reads once, for it takes as gone what is there.
 */
export class RecentUse {
  readonly #dryRun: boolean
  #last: { use: VolumeUse, until: number } | undefined

  constructor({ dryRun }: { dryRun: boolean }) {
    this.#dryRun = dryRun
  }

  read(connection: Connection): VolumeUse {
    const now = performance.now()
    if (this.#last && (this.#dryRun || now < this.#last.until)) return this.#last.use
    const use = VolumeUse.read(connection)
    const ended = performance.now()
    this.#last = { use, until: ended + Math.max(fresh, share * (ended - now)) }
    return use
  }
}
