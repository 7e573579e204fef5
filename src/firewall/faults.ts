import { UsageError } from '../errors.js'

/** Where a file of rules is wrong: makes `FILE:LINE: …`. */
export class Place {
  readonly where: string

  constructor(where: string) {
    this.where = where
  }

  wrong(line: number | null, what: string, ...hints: (string | undefined)[]): UsageError {
    return new UsageError(`${this.where}${line === null ? '' : `:${line}`}: ${what}`, ...hints.flatMap((hint) => hint ?? []))
  }
}
