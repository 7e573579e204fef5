import { BayError, type ErrorCode } from './errors.js'

/** Failures on several objects, in one error: their common code when all failed, and an interrupt's when one ended the run. */
export function failedOf(failures: readonly BayError[], total: number): BayError {
  const [first] = failures
  const common = failures.length === total && failures.every((each) => each.code === first?.code)
  const ended = failures.find(({ code }) => code === 'interrupted' || code === 'terminated')
  const code: ErrorCode = ended?.code ?? (failures.length < total ? 'some-failed' : common && first ? first.code : 'failed')
  return new BayError(code, `${failures.length} of ${total} failed`, { retryable: failures.every((each) => each.retryable) })
}

/** What became of several objects when the run was interrupted: of those that were begun, their error or undefined. */
export function stopped(reason: unknown, begun: readonly (BayError | undefined)[], total: number): BayError {
  const errors = begun.flatMap((error) => error ?? [])
  const left = errors.filter(({ code }) => code === 'left-behind')
  const why = reason instanceof BayError ? reason.code : 'interrupted'
  const parts = [
    `${begun.length - errors.length} of ${total} are done`, `${errors.length - left.length} were given up`, `${total - begun.length} were not begun`,
    ...left.length > 0 ? [`${left.length} left something behind`] : [],
  ]
  return new BayError(left.length > 0 ? 'left-behind' : why, `${why}: ${parts.join(', ')}`, { hints: left.flatMap(({ hints }) => hints) })
}
