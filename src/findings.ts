import { BayError, type ErrorCode } from './errors.js'

/**
 * What several checks found, so that a user reads all of it at once and not one thing a run: each check is run, its error is
 * kept, and the next one goes on.
 */
export class Findings {
  readonly #found: BayError[] = []

  /** What a check gives. A failure is kept, unless nothing further can be learnt after it, as of a lost connection. */
  look<T>(check: () => T): Looked<T> {
    try {
      return new Looked({ value: check() })
    } catch (error) {
      return this.#keep(error)
    }
  }

  /** The same for a check that takes its time. */
  async wait<T>(check: () => Promise<T>): Promise<Looked<T>> {
    try {
      return new Looked({ value: await check() })
    } catch (error) {
      return this.#keep(error)
    }
  }

  /** Whether all is well so far. */
  get none(): boolean {
    return this.#found.length === 0
  }

  /** @throws the one error that was found, as it was; of several a FindingsError */
  end(): void {
    const [first, ...others] = this.#found
    if (first) throw others.length === 0 ? first : new FindingsError(this.#found)
  }

  #keep(error: unknown): Looked<never> {
    if (error instanceof NotKnown) return new Looked<never>(null)
    if (!(error instanceof BayError) || endings.includes(error.code)) throw error
    for (const each of error instanceof FindingsError ? error.findings : [error]) {
      // Two disks in one pool that is stopped are one thing to mend.
      if (!this.#found.some(({ message }) => message === each.message)) this.#found.push(each)
    }
    return new Looked<never>(null)
  }
}

/** What a check gave, if it went well. */
export class Looked<T> {
  readonly #result: { value: T } | null

  constructor(result: { value: T } | null) {
    this.#result = result
  }

  /** For a check that builds upon this one: it is left out when this one failed. And for after Findings.end(). */
  get value(): T {
    if (this.#result === null) throw new NotKnown('a check failed, and its result is asked for')
    return this.#result.value
  }

  get ok(): boolean {
    return this.#result !== null
  }

  /** undefined when the check failed */
  get found(): T | undefined {
    return this.#result?.value
  }
}

/** Several things stand in the way. Its exit code is theirs, or when they differ the first of `order` that one of them has. */
export class FindingsError extends BayError {
  readonly findings: readonly BayError[]

  constructor(findings: readonly BayError[]) {
    const code = order.find((each) => findings.some((finding) => finding.code === each)) ?? 'failed'
    super(code, findings.map(({ message }) => message).join('; '), {
      hints: [...new Set(findings.flatMap(({ hints }) => hints))], retryable: findings.every(({ retryable }) => retryable),
    })
    this.findings = findings
  }
}

/** First what only another command line mends, then what is to be mended on the host, last what mends itself. */
const order: readonly ErrorCode[] = ['usage', 'not-found', 'exists', 'wrong-state', 'not-allowed', 'failed', 'busy']

/** After these no other check would find anything. */
const endings: readonly ErrorCode[] = ['cannot-connect', 'interrupted', 'terminated', 'timeout']

class NotKnown extends Error {}
