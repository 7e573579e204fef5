import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { attr, all, child, children, textOf } from '../../xml/tree.js'
import { parse } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { ok, problem, warning, type Finding } from './check-host-finding.js'
import { domainCapabilities } from './describe-host.js'

/** Whether machines run on the processor itself or are emulated, many times slower. */
export function checkKvm(connection: Connection): Finding[] {
  if (!connection.isLocal()) return [offer(connection, '')]
  const user = emulatorUser(connection.capabilities()) ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  return [checkDevice(device('/dev/kvm'), user, { passwd: read('/etc/passwd'), group: read('/etc/group') }), offer(connection, read('/proc/cpuinfo'))]
}

export interface Device {
  uid: number
  gid: number
  /** the permission bits */
  mode: number
  /** why it could not be opened by us, if we may; null when it could or we may not */
  fault: string | null
}

export interface Account { uid: number, gid: number }

/**
 * Whether the user that QEMU runs as can open /dev/kvm. Where it cannot, libvirt looks again at every call, and a
 * definition takes up to a minute.
 */
export function checkDevice(kvm: Device | null, user: Account, files: { passwd: string, group: string }): Finding {
  if (kvm === null) {
    return warning('kvm', 'there is no /dev/kvm: machines are emulated, many times slower',
      'switch virtualization on in the firmware (or the outer hypervisor), then modprobe kvm_intel or kvm_amd')
  }
  if (!mayOpen(kvm, user, files)) {
    const name = nameOf(user.uid, files.passwd)
    return problem('kvm', `/dev/kvm (mode 0${kvm.mode.toString(8)}) cannot be opened by ${name}, as whom QEMU runs: machines do without KVM, `
      + 'and to define one can take a minute', 'chgrp kvm /dev/kvm && chmod 0660 /dev/kvm (to last: a udev rule), or user = "root" in /etc/libvirt/qemu.conf')
  }
  return kvm.fault === null
    ? ok('kvm', '/dev/kvm can be opened')
    : problem('kvm', `/dev/kvm cannot be opened: ${kvm.fault}`, 'is virtualization on in the firmware? dmesg | grep -i kvm')
}

function offer(connection: Connection, cpuinfo: string): Finding {
  const offered = domainCapabilities(connection, 'kvm')
  if (offered === undefined) return warning('kvm-offer', 'whether libvirt offers KVM is told only to those who may change the host', 'run it as root')
  if (offered === null) return warning('kvm-offer', 'libvirt offers no KVM: machines are emulated, many times slower', 'bay vm create … --virt qemu says so itself')
  return /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo)
    ? warning('kvm-offer', 'libvirt offers KVM, but the host is a virtual machine itself: a guest may hang under KVM', 'if one hangs at its start: bay vm create … --virt qemu')
    : ok('kvm-offer', 'libvirt offers KVM')
}

/** Whom QEMU runs as, from the label +UID:+GID that libvirt's DAC driver gives; null when it changes nothing. */
export function emulatorUser(capabilities: string): Account | null {
  const models = all(parse(capabilities), 'host/secmodel').filter((model) => textOf(child(model, 'model')) === 'dac')
  const labels = models.flatMap((model) => children(model, 'baselabel')).filter((label) => attr(label, 'type') === 'kvm' || attr(label, 'type') === 'qemu')
  const [, uid, gid] = /^\+(\d+):\+(\d+)$/.exec(textOf(labels[0]) ?? '') ?? []
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) }
}

function mayOpen({ uid, gid, mode }: Device, user: Account, { passwd, group }: { passwd: string, group: string }): boolean {
  if (user.uid === 0) return true
  if (user.uid === uid) return (mode & 0o600) === 0o600
  const members = lines(group).find(([, , id]) => id === String(gid))?.[3]?.split(',') ?? []
  if (user.gid === gid || members.includes(nameOf(user.uid, passwd))) return (mode & 0o060) === 0o060
  return (mode & 0o006) === 0o006
}

function nameOf(uid: number, passwd: string): string {
  return lines(passwd).find(([, , id]) => id === String(uid))?.[0] ?? `uid ${uid}`
}

function lines(table: string): string[][] {
  return table.split('\n').map((line) => line.split(':'))
}

function device(path: string): Device | null {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status) return null
  return { uid: status.uid, gid: status.gid, mode: status.mode & 0o777, fault: faultOf(path) }
}

/** Only what says that the device itself does not work; that we may not open it says nothing of QEMU. */
function faultOf(path: string): string | null {
  try {
    closeSync(openSync(path, 'r+'))
    return null
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    return error.code === 'EACCES' || error.code === 'EPERM' ? null : error.message
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
