import { BayError } from '../../errors.js'

/** One thing that was looked at. `hint` says what to do about it; null when nothing needs to be done. */
export interface Finding {
  check: string
  level: 'ok' | 'warning' | 'problem'
  message: string
  hint: string | null
}

export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message, hint: null }
}

/** Machines work, but worse than they could. */
export function warning(check: string, message: string, hint: string): Finding {
  return { check, level: 'warning', message, hint }
}

/** Something that machines need is missing. */
export function problem(check: string, message: string, hint: string | null): Finding {
  return { check, level: 'problem', message, hint }
}

export function failed(check: string, { message, hints }: BayError): Finding {
  return problem(check, message, hints.length === 0 ? null : hints.join('; '))
}

/** What a check found; a host that refuses to answer is a finding too, and the other checks go on. */
export function looked(check: string, look: () => Finding[]): Finding[] {
  try {
    return look()
  } catch (error) {
    if (!(error instanceof BayError)) throw error
    return [failed(check, error)]
  }
}
