import { rmSync } from 'node:fs'
import { isFile, type UndoStep } from './guard-messages.js'
import { IpError, run, typed } from './ip.js'
import { isFine, type Step } from './steps.js'
import { writeWhole } from './write-whole.js'

/** Takes a step; one that finds nothing left to do is taken. @throws IpError, BayError */
export async function take(step: Step): Promise<void> {
  try {
    await run(step)
  } catch (error) {
    if (!(error instanceof IpError) || !isFine(step, error.reason)) throw error
  }
}

/** Does all of it, whatever fails on the way: gives what could not be done, with why. */
export async function undoAll(steps: readonly UndoStep[]): Promise<string[]> {
  const failures: string[] = []
  for (const step of steps) {
    try {
      if (!isFile(step)) await take(step)
      else if (step.content === null) rmSync(step.path, { force: true })
      else writeWhole(step.path, step.content, step.mode)
    } catch (error) {
      const reason = error instanceof IpError ? error.reason : error instanceof Error ? error.message : String(error)
      failures.push(`${isFile(step) ? `the file ${step.path}` : typed(step)} (${reason})`)
    }
  }
  return failures
}
