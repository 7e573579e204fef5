import { UsageError } from '../../errors.js'
import { isHash } from '../password.js'
import { checkCommon, match, shown } from './check.js'
import type { LinuxInstall } from './spec.js'

/** @throws UsageError for what the installer would refuse, ask about, or take for more than a value */
export function checkLinux(spec: LinuxInstall): void {
  checkCommon(spec)
  checkUser(spec)
  match('disk', spec.disk, /^(?:largest|(?:vd|sd|xvd|hd)[a-z]{1,2}|nvme\d{1,2}n\d{1,2})$/, 'such as vda or sda, or largest')
  for (const key of spec.sshKeys) checkKey(key)
  for (const name of spec.packages) checkPackage(spec, name)
  if (spec.mirror !== undefined) {
    match('mirror', spec.mirror, /^https?:\/\/[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::\d{1,5})?(?:\/[A-Za-z0-9._~+-]+)*\/?$/, 'such as http://deb.debian.org/debian')
  }
  if (spec.runCommands.join('\n').length > mostCommands) throw new UsageError('the commands to run are too long', `at most ${mostCommands} characters: put them in a script, and fetch it`)
}

/** The whole script is one argument of a program in Debian's installer's place; the kernel takes 128 KiB. */
const mostCommands = 64 * 1024

function checkUser({ os, user, passwordHash, sshKeys }: LinuxInstall): void {
  match('user', user, /^[a-z_][a-z0-9_-]{0,31}$/, 'at most 32 of a-z 0-9 _ - and no digit first')
  const reserved = os === 'debian' || os === 'ubuntu' ? [...everywhere, ...debianOnly] : everywhere
  if (reserved.includes(user)) throw new UsageError(`the user ${user} is the system's own`, 'give another name')
  if (passwordHash === undefined && sshKeys.length === 0) throw new UsageError(`nobody could log in as ${user}`, 'give a password or an SSH key')
  if (passwordHash !== undefined && !isHash(passwordHash.reveal())) throw new UsageError(`the password of ${user} is not hashed`)
}

function checkKey(key: string): void {
  if (!/\S/.test(key)) throw new UsageError('an SSH key is empty')
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(key)) throw new UsageError(`the SSH key ${shown(key)} has a control character`)
}

/** dnf has groups (`@core`, `@^minimal-environment`), Ubuntu's apt tasks (`dns-server^`). */
function checkPackage({ os }: LinuxInstall, name: string): void {
  const word = '[A-Za-z0-9][A-Za-z0-9+.:_~=/-]{0,199}'
  const form = { ubuntu: `${word}\\^?`, debian: word, fedora: `(?:@\\^?)?${word}`, rhel: `(?:@\\^?)?${word}` }[os]
  match('package', name, new RegExp(`^${form}$`), 'a name, such as nginx')
}

const everywhere = [
  'root', 'bin', 'daemon', 'adm', 'lp', 'sync', 'shutdown', 'halt', 'mail', 'operator', 'games', 'ftp', 'nobody', 'wheel',
  'sys', 'man', 'news', 'uucp', 'proxy', 'www-data', 'backup', 'list', 'irc', 'tty', 'disk', 'kmem', 'audio', 'video', 'users',
  'sshd', 'dbus', 'tss', 'polkitd', 'chrony', 'messagebus',
]

/** Debian's installer asks for another name: https://sources.debian.org/src/user-setup/1.95/reserved-usernames/ */
const debianOnly = [
  'admin', 'alias', 'asterisk', 'bind', 'cdrom', 'ceph', 'crontab', 'cupsys', 'dcc', 'dhcp', 'dialout', 'dictd', 'dip',
  'dnsmasq', 'dovecot', 'fax', 'fetchmail', 'firebird', 'floppy', 'ftn', 'fuse', 'gdm', 'grsec-proc', 'grsec-sock-all',
  'grsec-sock-clt', 'grsec-sock-srv', 'grsec-tpe', 'hacluster', 'haclient', 'haldaemon', 'hplilp', 'identd', 'input', 'jwhois',
  'klog', 'kvm', 'libvirt-qemu', 'lpadmin', 'mysql', 'mythtv', 'netdev', 'netplan', 'nogroup', 'opensrf', 'plugdev', 'powerdev',
  'qmail', 'qmaild', 'qmaill', 'qmailp', 'qmailq', 'qmailr', 'qmails', 'radvd', 'render', 'saned', 'sasl', 'sbuild', 'scanner',
  'shadow', 'slocate', 'slurm', 'src', 'ssh', 'ssl-cert', 'sslwrap', 'staff', 'statd', 'sudo', 'syslog', 'tac-plus', 'tape',
  'telnetd', 'tftpd', 'utmp', 'voice', 'vpopmail',
]
