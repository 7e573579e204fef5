import { BayError } from '../errors.js'

/** What a check says against an answer, with its first hint, for the line below the question; undefined when all is well. */
export async function faultOf(check: () => unknown): Promise<string | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (!(error instanceof BayError)) throw error
    const [hint] = error.hints
    return hint === undefined ? error.message : `${error.message} (${hint})`
  }
}
