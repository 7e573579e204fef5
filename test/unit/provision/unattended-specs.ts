import { Secret } from '../../../src/provision/password.js'
import type { LinuxInstall, WindowsInstall } from '../../../src/provision/unattended/spec.js'

/** A hash of `secret`. */
export const hash = '$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/'
export const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 anna@example'

export const linux: LinuxInstall = {
  os: 'debian', arch: 'x86_64', hostname: 'web-1', user: 'anna', passwordHash: new Secret(hash), sshKeys: [key], packages: ['nginx'],
  runCommands: ['systemctl enable --now nginx'], locale: 'de_DE.UTF-8', keyboard: 'de', timezone: 'Europe/Berlin', firmware: 'uefi',
  disk: 'vda', network: 'dhcp',
}

export const windows: WindowsInstall = {
  os: 'windows-11', arch: 'x86_64', hostname: 'win-1', user: 'anna', password: new Secret('pä"ss <&>'), runCommands: ['echo "a & b" > C:\\x.txt'],
  locale: 'de_DE.UTF-8', keyboard: 'de', timezone: 'Europe/Berlin', firmware: 'uefi', disk: 'sda', network: 'dhcp',
  image: { name: 'Windows 11 Pro' },
}

export const fixed = { mac: '52:54:00:12:34:56', address: '10.0.0.5', prefix: 24, gateway: '10.0.0.1', dns: ['10.0.0.1', '9.9.9.9'] } as const

/** What ends a value, a line or a section in one of the formats. */
export const awkward = [
  'a\nd-i passwd/root-login boolean true', 'a\r\nrootpw --plaintext x', '%end', '\n%end\n%post', `'; reboot; '`, '"', '$(reboot)', '`reboot`',
  '</ComputerName><x/>', ']]>', '&lt;', '\\', 'a \\', '#', ' ', '', '\t', '\0', '\u2028', '../../etc', '-rf', '--plaintext', '{{7*7}}', '\ud800',
]
