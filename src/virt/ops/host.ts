import type { Connection } from '../connection.js'

/** A host that is talked to, and what must happen before its connection is given up. */
export interface Host extends AsyncDisposable {
  readonly connection: Connection
  /** What it is called in messages. */
  readonly uri: string
  /** Whether several connections to it see the same machines. */
  readonly shared: boolean
}
