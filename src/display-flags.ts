import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import { durationFlag } from './flags.js'
import { readPasswordFile, type Secret } from './provision/password.js'
import { randomPassword, SecretFile } from './secret-file.js'
import type { PasswordScope } from './virt/ops/display-password.js'
import type { DisplayAccess } from './xml/domain-graphics.js'

/** What is to become of the password of a machine's displays. */
export const displayFlags = {
  'password-file': Flags.string({
    helpValue: 'FILE', description: 'set the password: the first line of this file, mode 0600; - for standard input', exclusive: ['rotate', 'no-password'],
  }),
  'rotate': Flags.boolean({ description: 'set a new random password', dependsOn: ['password-to'], exclusive: ['no-password'] }),
  'password-to': Flags.string({ helpValue: 'FILE', description: 'the file that gets the new password, with mode 0600', dependsOn: ['rotate'] }),
  'no-password': Flags.boolean({ description: 'remove the password' }),
  'expires': durationFlag({ helpValue: 'TIME', description: 'how long the password is good for, such as 10m', exclusive: ['no-password'] }),
  'persist': Flags.boolean({ description: 'store it too, for the next starts', exclusive: ['next-start'] }),
  'next-start': Flags.boolean({ description: 'only store it, for the next starts' }),
}

/** A switch that was not given is undefined, whatever oclif's types say. */
interface Given {
  'password-file'?: string
  'password-to'?: string
  'no-password'?: boolean
  'expires'?: number
  'persist'?: boolean
  'next-start'?: boolean
}

export type PasswordChange = { password: Secret } | { rotateTo: string } | { remove: true }

/** What shall be done to the password; null for nothing. @throws UsageError */
export async function passwordChange(flags: Given): Promise<PasswordChange | null> {
  if (flags['password-file'] !== undefined) return { password: await readPasswordFile(flags['password-file']) }
  if (flags['password-to'] !== undefined) return { rotateTo: flags['password-to'] }
  if (flags['no-password']) return { remove: true }
  const alone = (['expires', 'persist', 'next-start'] as const).find((name) => flags[name])
  if (alone !== undefined) throw new UsageError(`--${alone} says nothing without a password`, '--password-file FILE, --rotate --password-to FILE, or --no-password')
  return null
}

/** Now and until the machine is off, unless told otherwise. */
export function scopeOf(flags: Given): PasswordScope {
  const { persist = false, 'next-start': nextStart = false } = flags
  return { live: !nextStart, stored: persist || nextStart }
}

/** A password that is to be set; null removes it. Once it is, `keep` writes down what only we know. */
export interface NewPassword extends AsyncDisposable {
  text: string | null
  keep: () => Promise<void>
}

/** The password that a change leads to. `longest` says how long a random one may be; in a dry run nothing is written. */
export async function newPassword(change: PasswordChange, longest: () => number, dryRun: boolean): Promise<NewPassword> {
  if (!('rotateTo' in change)) {
    const text = 'password' in change ? change.password.reveal() : null
    return { text, keep: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const text = randomPassword(Math.min(longest(), 24))
  const file = dryRun ? null : await SecretFile.write(change.rotateTo, text)
  return { text, keep: async () => file?.keep(), [Symbol.asyncDispose]: async () => file?.[Symbol.asyncDispose]() }
}

/** What became of it, for people. */
export function saidOf(changed: boolean, access: DisplayAccess | null, { live }: PasswordScope): string {
  if (!changed) return access ? 'already has this password' : 'already has no password'
  const until = access?.validTo ? `, until ${access.validTo.toISOString()}` : ''
  return `password ${access ? 'set' : 'removed'}${until}${live ? '' : ', from the next start on'}`
}
