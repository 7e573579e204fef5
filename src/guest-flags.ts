import { readFile } from 'node:fs/promises'
import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import { readSshKeys } from './provision/cloud-init/ssh-keys.js'
import { hashPassword, readPasswordFile, type Secret } from './provision/password.js'
import type { NewGuest } from './virt/ops/new-vm.js'

const many = { multiple: true, multipleNonGreedy: true } as const

/** What a guest is told at its first boot; cloud-init in its image does it. */
export const guestFlags = {
  'hostname': Flags.string({ helpValue: 'NAME', description: 'the guest\'s host name (default: the machine\'s name)' }),
  'user': Flags.string({ helpValue: 'NAME', description: 'make this user, who may become root' }),
  'password-file': Flags.string({ helpValue: 'FILE', description: 'the user\'s password or its hash: a file of mode 0600, or - for standard input', dependsOn: ['user'] }),
  'ssh-key': Flags.string({ ...many, helpValue: 'FILE|KEY', description: 'a public key that may log in; repeatable' }),
  'package': Flags.string({ ...many, helpValue: 'NAME', description: 'install this package; repeatable' }),
  'run': Flags.string({ ...many, helpValue: 'COMMAND', description: 'run this at the first boot; repeatable' }),
  'user-data': Flags.string({ helpValue: 'FILE', description: 'merge in your own cloud-init user-data' }),
}

interface GuestFlagValues {
  'hostname'?: string
  'user'?: string
  'password-file'?: string
  'ssh-key'?: string[]
  'package'?: string[]
  'run'?: string[]
  'user-data'?: string
}

/** Whether anything is said of the guest. */
export function saysOfGuest(flags: GuestFlagValues): boolean {
  return Object.keys(guestFlags).some((name) => flags[name as keyof GuestFlagValues] !== undefined)
}

/** Password files that were read: a hash is slow on purpose, and many machines may share one. */
export class PasswordHashes {
  readonly #hashes = new Map<string, Promise<Secret>>()

  /** @throws UsageError for a file that cannot serve */
  of(path: string): Promise<Secret> {
    const hash = this.#hashes.get(path) ?? readPasswordFile(path).then(hashPassword)
    this.#hashes.set(path, hash)
    return hash
  }
}

/** What was said of the guest, its files read. @throws UsageError for a file that cannot serve */
export async function guestFrom(
  flags: GuestFlagValues, hashes: PasswordHashes,
): Promise<Pick<NewGuest, 'hostname' | 'passwordHash' | 'sshKeys' | 'userData'>> {
  return {
    hostname: flags.hostname,
    passwordHash: flags['password-file'] === undefined ? undefined : await hashes.of(flags['password-file']),
    sshKeys: await readSshKeys(flags['ssh-key'] ?? []),
    userData: flags['user-data'] === undefined ? undefined : await readUserData(flags['user-data']),
  }
}

function readUserData(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--user-data ${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
}
