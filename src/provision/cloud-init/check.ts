import { UsageError } from '../../errors.js'
import type { CloudInitSpec, GuestUser } from './spec.js'
import { isHash } from '../password.js'

/**
 * Refuses what a guest would choke on minutes later, or would take for more than a value: a user's name goes into sudoers
 * as it is, a hash into a line for chpasswd, a package's name into apt's arguments, the instance's into a path.
 * @throws UsageError
 */
export function checkSpec(spec: CloudInitSpec): void {
  const { hostname, fqdn, users, sshKeys = [] } = spec
  match('instance id', spec.instanceId, /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, '1 to 128 of A-Z a-z 0-9 . _ -')
  match('hostname', hostname, label, 'at most 63 of a-z 0-9 -, such as web-1')
  if (fqdn !== undefined) checkFqdn(fqdn, hostname)
  for (const user of users) checkUser(user)
  const twice = users.find(({ name }, index) => users.findIndex((other) => other.name === name) < index)
  if (twice) throw new UsageError(`the user ${twice.name} is given twice`)
  // cloud-init would give them to root when there is no user of the image.
  if (sshKeys.length > 0 && users.length > 0) throw new UsageError('SSH keys of the image\'s own user, but other users', 'give the keys to a user')
  for (const key of sshKeys) checkLine('SSH key', key)
  for (const name of spec.packages) checkPackage(name)
  for (const line of spec.runCommands) checkCommand(line)
  if (spec.timezone !== undefined) match('time zone', spec.timezone, /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+){0,3}$/, 'such as Europe/Berlin')
  if (spec.locale !== undefined) match('locale', spec.locale, /^[A-Za-z]+(?:_[A-Za-z]+)?(?:\.[A-Za-z0-9-]+)?(?:@[A-Za-z0-9]+)?$/, 'such as de_DE.UTF-8')
  if (spec.keyboard !== undefined) match('keyboard layout', spec.keyboard, /^[A-Za-z0-9_-]{1,32}$/, 'such as us or de')
}

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/** @throws UsageError */
export function checkDomain(what: string, domain: string): void {
  const good = domain.length <= 253 && domain.split('.').every((part) => label.test(part))
  if (!good) throw bad(what, domain, 'such as example.org')
}

function checkFqdn(fqdn: string, hostname: string): void {
  checkDomain('full name', fqdn)
  // cloud-init takes the first label for the hostname, whatever the hostname says.
  if (!fqdn.startsWith(`${hostname}.`)) throw bad('full name', fqdn, `it begins with the hostname: ${hostname}.example.org`)
}

/** @throws UsageError */
export function checkUserName(name: string): void {
  match('user', name, /^[a-z_][a-z0-9_-]{0,31}$/, 'at most 32 of a-z 0-9 _ - and no digit first')
  if (name === 'root') throw new UsageError('root stays locked', 'make another user, who may use sudo')
  // The name that means the image's own user.
  if (name === 'default') throw new UsageError('cloud-init keeps the name default for itself', 'give another name')
}

function checkUser({ name, passwordHash, sshKeys, groups = [], shell }: GuestUser): void {
  checkUserName(name)
  if (passwordHash && !isHash(passwordHash.reveal())) throw new UsageError(`the password of ${name} is not hashed`)
  for (const key of sshKeys) checkLine('SSH key', key)
  for (const group of groups) match('group', group, /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, 'at most 32 of A-Z a-z 0-9 _ . -')
  if (shell !== undefined) match('shell', shell, /^(?:\/[A-Za-z0-9._+-]+)+$/, 'an absolute path, such as /bin/bash')
}

function checkPackage(name: string): void {
  checkLine('package', name)
  if (/^-|\s/.test(name) || name.length > 200) throw bad('package', name, 'a name, such as nginx')
}

function checkCommand(line: string): void {
  if (line.trim() === '') throw new UsageError('a command to run is empty')
  if (/[^\P{Cc}\n\t]/u.test(line)) throw new UsageError(`the command ${shown(line)} has a control character`)
}

function checkLine(what: string, text: string): void {
  if (text === '') throw new UsageError(`a ${what} is empty`)
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) throw new UsageError(`the ${what} ${shown(text)} has a control character`)
}

function match(what: string, text: string, form: RegExp, hint: string): void {
  if (!form.test(text)) throw bad(what, text, hint)
}

function bad(what: string, text: string, hint: string): UsageError {
  return new UsageError(`the ${what} ${shown(text)} is not valid`, hint)
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
