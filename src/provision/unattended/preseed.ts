import ipaddr from 'ipaddr.js'
import { UsageError } from '../../errors.js'
import { firstBoot, firstBootScript, firstBootService, sudoersLine } from './first-boot.js'
import type { LinuxInstall } from './spec.js'

/**
 * Debian's preseed, and the files that its last command puts into the installed system: in the initrd's root all of them.
 * https://www.debian.org/releases/stable/amd64/apb.en.html
 */
export function preseedFiles(spec: LinuxInstall): Map<string, string> {
  const files = new Map([['preseed.cfg', preseed(spec)], ['bay-late', lateScript(spec)]])
  if (spec.sshKeys.length > 0) files.set('bay-authorized-keys', `${spec.sshKeys.join('\n')}\n`)
  if (spec.runCommands.length > 0) {
    const { script, unit } = firstBoot(spec.runCommands)
    files.set('bay-first-boot', script).set('bay-first-boot.service', unit)
  }
  return files
}

function preseed(spec: LinuxInstall): string {
  const sections = [localisation(spec), network(spec), mirror(spec), user(spec), disk(spec), software(spec), end()]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

type Type = 'string' | 'boolean' | 'select' | 'multiselect' | 'password' | 'note'

/**
 * A line is split at blanks, a `\` at its end joins it with the next, and a comment begins with `#`: there is no quoting.
 * Values of users are of forms that need none; this is the last gate.
 */
function answer(question: string, type: Type, value: string | boolean = '', owner = 'd-i'): string {
  const text = String(value)
  if (/[^\x20-\x7e]/.test(text) || text !== text.trim() || text.endsWith('\\')) {
    throw new UsageError(`debconf cannot carry the value of ${question}`)
  }
  return `${owner} ${question} ${type} ${text}`.trimEnd()
}

function localisation({ locale, keyboard, timezone }: LinuxInstall): string[] {
  return [
    answer('debian-installer/locale', 'string', locale),
    answer('keyboard-configuration/xkb-keymap', 'select', keyboard),
    answer('clock-setup/utc', 'boolean', true),
    answer('clock-setup/ntp', 'boolean', true),
    answer('time/zone', 'string', timezone),
  ]
}

function network({ hostname, network: wanted }: LinuxInstall): string[] {
  const common = [
    answer('netcfg/choose_interface', 'select', 'auto'),
    answer('netcfg/get_hostname', 'string', hostname),
    // DHCP's name would win over the one before.
    answer('netcfg/hostname', 'string', hostname),
    answer('netcfg/get_domain', 'string'),
    answer('hw-detect/load_firmware', 'boolean', false),
  ]
  if (wanted === 'dhcp') return common
  return [
    ...common,
    answer('netcfg/disable_autoconfig', 'boolean', true),
    answer('netcfg/get_ipaddress', 'string', wanted.address),
    answer('netcfg/get_netmask', 'string', ipaddr.IPv4.subnetMaskFromPrefixLength(wanted.prefix).toString()),
    answer('netcfg/get_gateway', 'string', wanted.gateway),
    answer('netcfg/no_default_route', 'boolean', true),
    answer('netcfg/get_nameservers', 'string', wanted.dns.join(' ')),
    answer('netcfg/confirm_static', 'boolean', true),
  ]
}

function mirror({ mirror: url = 'http://deb.debian.org/debian' }: LinuxInstall): string[] {
  const { protocol, host, pathname } = new URL(url)
  const scheme = protocol.slice(0, -1)
  return [
    answer('mirror/country', 'string', 'manual'),
    answer('mirror/protocol', 'select', scheme),
    answer(`mirror/${scheme}/hostname`, 'string', host),
    answer(`mirror/${scheme}/directory`, 'string', pathname),
    answer(`mirror/${scheme}/proxy`, 'string'),
    answer('apt-setup/cdrom/set-first', 'boolean', false),
    answer('apt-setup/disable-cdrom-entries', 'boolean', true),
  ]
}

function user({ user: name, passwordHash }: LinuxInstall): string[] {
  return [
    // Root has no password then, and the user may use sudo.
    answer('passwd/root-login', 'boolean', false),
    answer('passwd/make-user', 'boolean', true),
    answer('passwd/user-fullname', 'string', name),
    answer('passwd/username', 'string', name),
    answer('passwd/user-password-crypted', 'password', passwordHash?.reveal() ?? '!'),
  ]
}

/** The same for BIOS and UEFI: the recipe `atomic` adds the partition that the firmware needs. */
function disk({ disk: name, storage, firmware }: LinuxInstall): string[] {
  const chosen = name === 'largest'
    ? [answer('partman/early_command', 'string', chooseLargest)]
    : [answer('partman-auto/disk', 'string', `/dev/${name}`), answer('grub-installer/bootdev', 'string', `/dev/${name}`)]
  return [
    ...chosen,
    answer('partman-auto/method', 'string', storage === 'lvm' ? 'lvm' : 'regular'),
    answer('partman-auto/choose_recipe', 'select', 'atomic'),
    answer('partman-auto-lvm/guided_size', 'string', 'max'),
    ...firmware === 'uefi' ? [answer('partman/default_label', 'string', 'gpt'), answer('partman-efi/non_efi_system', 'boolean', true)] : [],
    // What was on the disk before.
    ...['partman-lvm/device_remove_lvm', 'partman-md/device_remove_md', 'partman-lvm/confirm', 'partman-lvm/confirm_nooverwrite',
      'partman-partitioning/confirm_write_new_label', 'partman/confirm', 'partman/confirm_nooverwrite',
    ].map((question) => answer(question, 'boolean', true)),
    answer('partman/choose_partition', 'select', 'finish'),
    answer('grub-installer/only_debian', 'boolean', true),
    answer('grub-installer/with_other_os', 'boolean', true),
    // So that it starts with empty NVRAM too, as a clone does.
    ...firmware === 'uefi' ? [answer('grub-installer/force-efi-extra-removable', 'boolean', true)] : [],
  ]
}

const chooseLargest = [
  'most=0', 'for disk in $(list-devices disk); do size=$(cat /sys/block/${disk##*/}/size)',
  'if [ $size -gt $most ]; then most=$size; largest=$disk; fi', 'done',
  'debconf-set partman-auto/disk $largest', 'debconf-set grub-installer/bootdev $largest',
].join('; ')

function software({ packages, agent }: LinuxInstall): string[] {
  const all = [...packages, ...agent ? ['qemu-guest-agent'] : []]
  return [
    answer('tasksel/first', 'multiselect', 'standard, ssh-server', 'tasksel'),
    ...all.length > 0 ? [answer('pkgsel/include', 'string', all.join(' '))] : [],
    answer('pkgsel/upgrade', 'select', 'full-upgrade'),
    answer('popularity-contest/participate', 'boolean', false, 'popularity-contest'),
  ]
}

function end(): string[] {
  return [
    answer('preseed/late_command', 'string', 'sh /bay-late'),
    answer('finish-install/reboot_in_progress', 'note'),
    answer('cdrom-detect/eject', 'boolean', true),
    answer('debian-installer/exit/poweroff', 'boolean', true),
  ]
}

/** Runs in the installer, with the system in /target. */
function lateScript(spec: LinuxInstall): string {
  const { user: name, sshKeys, runCommands } = spec
  const sudoers = sudoersLine(spec)
  const home = `/target/home/${name}`
  return [
    'set -e',
    ...sudoers === undefined ? [] : [`echo '${sudoers}' > /target/etc/sudoers.d/90-bay`, 'chmod 440 /target/etc/sudoers.d/90-bay'],
    ...when(sshKeys.length > 0, [
      `mkdir -p ${home}/.ssh`, `cp /bay-authorized-keys ${home}/.ssh/authorized_keys`,
      `chmod 700 ${home}/.ssh`, `chmod 600 ${home}/.ssh/authorized_keys`, `in-target chown -R ${name}: /home/${name}/.ssh`,
    ]),
    ...when(runCommands.length > 0, [
      `cp /bay-first-boot /target${firstBootScript}`, `chmod 700 /target${firstBootScript}`,
      `cp /${firstBootService} /target/etc/systemd/system/${firstBootService}`,
      `chmod 644 /target/etc/systemd/system/${firstBootService}`, `in-target systemctl enable ${firstBootService}`,
    ]),
    '',
  ].join('\n')
}

function when(condition: boolean, lines: string[]): string[] {
  return condition ? lines : []
}
