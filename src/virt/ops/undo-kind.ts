import type { Connection } from '../connection.js'

/** An object with the UUID that a run chose for it before it was made. The name is for people. */
export interface Made { uuid: string, name: string }

/** What one kind of undo record means. */
export interface Undoing<R> {
  /** all that a record has; every one is a text */
  fields: readonly (keyof R & string)[]
  /** what the step leaves, for people */
  leaves: (record: R) => string
  /** the command that removes it */
  removeBy: (record: R) => string
  isThere: (connection: Connection, record: R) => boolean
  /** Removes what is there. */
  undo: (connection: Connection, record: R) => void | Promise<void>
}
