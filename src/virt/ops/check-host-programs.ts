import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { ok, warning, type Finding } from './check-host-finding.js'

interface Need {
  check: string
  /** any one of them will do */
  programs: string[]
  without: string
  hint: string
}

const needs: Need[] = [
  { check: 'dnsmasq', programs: ['dnsmasq'], without: 'networks give no addresses and no names', hint: 'apt install dnsmasq-base, dnf install dnsmasq' },
  { check: 'ip', programs: ['ip'], without: 'bridges of the host cannot be made', hint: 'apt install iproute2, dnf install iproute' },
  { check: 'ebtables', programs: ['ebtables'], without: 'network filters do not work', hint: 'apt install ebtables, dnf install iptables-nft' },
  {
    check: 'iso', programs: ['xorrisofs', 'genisoimage', 'mkisofs'], without: 'no seeds for cloud-init can be made',
    hint: 'apt install xorriso, dnf install xorriso',
  },
]

/** The programs of this machine that libvirt and we ourselves run. */
export function checkPrograms(path: string = process.env['PATH'] ?? ''): Finding[] {
  // Those of the system are often not in a user's PATH, but libvirtd finds them.
  const folders = [...path.split(':').filter((folder) => folder !== ''), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return needs.map(({ check, programs, without, hint }) => {
    const found = programs.flatMap((program) => folders.map((folder) => join(folder, program))).find(isExecutable)
    return found === undefined ? warning(check, `there is no ${programs.join(', ')}: ${without}`, hint) : ok(check, found)
  })
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
