/** What went wrong, in the words of the contract, with the exit code that each one has. */
export const exitCodes = {
  'failed': 1,
  'usage': 2,
  'differences': 3,
  'not-found': 4,
  'exists': 5,
  'wrong-state': 5,
  'cannot-connect': 6,
  'not-allowed': 6,
  'some-failed': 7,
  'left-behind': 9,
  'busy': 75,
  'timeout': 124,
  'interrupted': 130,
  'terminated': 143,
} as const

export type ErrorCode = keyof typeof exitCodes

export interface ErrorDetails {
  /** What to do next, a line each; printed as `  try: …`. */
  hints?: readonly string[]
  /** Whether the same command may succeed later without any change. */
  retryable?: boolean
  cause?: unknown
}

/** An error that a user is meant to read. Anything else that is thrown is a bug. */
export class BayError extends Error {
  readonly code: ErrorCode
  readonly hints: readonly string[]
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.hints = details.hints ?? []
    this.retryable = details.retryable ?? (code === 'busy' || code === 'timeout')
  }

  get exitCode(): number {
    return exitCodes[this.code]
  }
}

/** What is known of why something did not happen. Texts of a guest stand in it as the guest wrote them. */
export interface Diagnosis {
  findings: { code: string, message: string, hint: string | null }[]
  /** the last lines of a serial console; null when nobody could listen */
  console: string[] | null
  /** the file of a picture of the display, on this machine */
  screenshot: string | null
}

/** An error with all that is known of its cause. */
export class DiagnosedError extends BayError {
  readonly diagnosis: Diagnosis

  constructor(error: BayError, diagnosis: Diagnosis) {
    super(error.code, error.message, { hints: error.hints, retryable: error.retryable, cause: error })
    this.diagnosis = diagnosis
  }
}

/** The command line or an input file is wrong; nothing was changed. */
export class UsageError extends BayError {
  constructor(message: string, ...hints: string[]) {
    super('usage', message, { hints })
  }
}

/**
 * One error out of two: what went wrong, and what then went wrong while it was undone (`await using` gives both as a
 * SuppressedError). Everything else comes back as it is.
 */
export function merged(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'SuppressedError' || !('suppressed' in error) || !('error' in error)) return error
  const [undoing, first] = [merged(error.error), merged(error.suppressed)]
  if (!(undoing instanceof BayError) || undoing.code !== 'left-behind') return first
  const what = first instanceof Error ? first.message : String(first)
  return new BayError(undoing.code, `${what}; ${undoing.message}`, { hints: undoing.hints, cause: first })
}
