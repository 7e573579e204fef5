import { UsageError } from '../../errors.js'
import { isHash } from '../password.js'
import { checkCommon, match, shown } from './check.js'
import type { WindowsInstall } from './spec.js'

/** @throws UsageError for what Windows Setup would refuse or stop at */
export function checkWindows(spec: WindowsInstall): void {
  checkCommon(spec)
  checkComputerName(spec.hostname)
  checkUser(spec)
  checkPassword(spec)
  match('disk', spec.disk, /^(?:vd|sd|xvd|hd)[a-z]$/, 'such as sda')
  if (spec.productKey && !/^[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}$/.test(spec.productKey.reveal())) {
    throw new UsageError('the product key is not valid', 'five times five letters and digits: AAAAA-BBBBB-CCCCC-DDDDD-EEEEE')
  }
  if (spec.language !== undefined) match('language', spec.language, /^[a-z]{2,3}-[A-Z]{2}$/, 'such as en-US')
  checkImage(spec)
  for (const line of spec.runCommands) checkLine(line)
  if (spec.bypassRequirements && spec.os !== 'windows-11') throw new UsageError('only Windows 11 has requirements to bypass')
  if (spec.os === 'windows-11' && spec.firmware === 'bios' && !spec.bypassRequirements) {
    throw new UsageError('Windows 11 does not install with BIOS firmware', 'use UEFI, or bypass its requirements')
  }
}

/** https://learn.microsoft.com/en-us/troubleshoot/windows-server/active-directory/naming-conventions-for-computer-domain-site-ou */
function checkComputerName(name: string): void {
  if (name.length > 15) throw new UsageError(`the hostname ${name} is longer than Windows' 15 characters`, 'give a shorter one')
  if (/^\d+$/.test(name)) throw new UsageError(`the hostname ${name} has digits only, which Windows refuses`, `pc-${name}`.slice(0, 15))
}

/** Names of Windows' own, and those that are no names of files: the user's folder has it. */
function checkUser({ os, user, hostname }: WindowsInstall): void {
  match('user', user, /^[A-Za-z0-9_](?:[A-Za-z0-9_. -]{0,18}[A-Za-z0-9_-])?$/, 'at most 20 of A-Z a-z 0-9 _ . - and blanks inside')
  const name = user.toLowerCase()
  if (name === 'administrator' && os !== 'windows-server') throw new UsageError('Windows keeps Administrator locked', 'give another name: it may do all the same')
  if (reserved.test(name)) throw new UsageError(`the user ${user} is Windows' own`, 'give another name')
  if (name === hostname.toLowerCase()) throw new UsageError(`the user and the computer are both called ${user}`, 'Windows wants two names')
}

const reserved = /^(?:guest|defaultaccount|wdagutilityaccount|system|local service|network service|none|con|prn|aux|nul|com\d|lpt\d)$/

function checkPassword({ user, password }: WindowsInstall): void {
  const text = password.reveal()
  if (text === '') throw new UsageError(`the password of ${user} is empty`)
  if (isHash(text)) throw new UsageError('Windows needs the password itself, not its hash')
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw new UsageError(`the password of ${user} has a control character`)
  if (text.length > 127) throw new UsageError(`the password of ${user} is too long`, 'at most 127 characters')
}

function checkImage({ image, productKey }: WindowsInstall): void {
  if (image === undefined) {
    if (productKey === undefined) throw new UsageError('which edition of Windows?', 'an image of the disc by its number or name: wiminfo sources/install.wim', 'or a product key')
  } else if ('index' in image) {
    if (!Number.isInteger(image.index) || image.index < 1 || image.index > 100) throw new UsageError(`${image.index} is no number of an image`, 'from 1 on')
  } else {
    match('name of the image', image.name, /^[A-Za-z0-9(][A-Za-z0-9 ()._+-]{0,99}$/, 'such as "Windows 11 Pro"')
  }
}

/** Setup takes 1024 characters for a command, of which ours are a few. It has no lines. */
function checkLine(line: string): void {
  if (/[\n\t]/.test(line)) throw new UsageError(`the command ${shown(line)} has more than one line`, 'give one --run a line')
  if (line.length > 1000) throw new UsageError(`the command ${shown(line)} is longer than 1000 characters`)
}
