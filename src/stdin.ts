import { UsageError } from './errors.js'

let taken = false

/** Standard input, for one who reads it to its end. @throws UsageError when it holds the lines of a batch */
export function standardInput(): NodeJS.ReadStream {
  if (taken) throw new UsageError('standard input holds the lines of this batch', 'give what is to be read as a file, or the batch: bay batch FILE')
  return process.stdin
}

/** The same for a batch, whose lines nobody else may take from now on. */
export function takeStandardInput(): NodeJS.ReadStream {
  taken = true
  return process.stdin
}
