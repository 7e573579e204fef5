import { posix } from 'node:path'
import { UsageError } from '../../errors.js'
import type { PoolHost } from '../../xml/pool.js'

/** Without the parts that lead nowhere, so that one folder has one path. @throws UsageError */
export function absolute(flag: string, path: string): string {
  if (!path.startsWith('/')) throw new UsageError(`${flag} "${path}" is not absolute`, `for example ${flag} ${posix.join('/var/lib/libvirt', path)}`)
  return posix.normalize(path).replace(/(?<=.)\/+$/, '')
}

/** `HOST` or `HOST:PORT`; an IPv6 address with a port stands in brackets. @throws UsageError */
export function parseHost(text: string): PoolHost {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const name = bracketed ?? plain
  const number = Number(port ?? 1)
  if (name === undefined || number < 1 || number > 65535) {
    throw new UsageError(`--source-host "${text}" is no HOST or HOST:PORT`, 'for example nas.example.org, 192.0.2.5:3260 or [2001:db8::5]:3260')
  }
  return port === undefined ? { name } : { name, port: number }
}

/** The path of a device of the host, or the name of an iSCSI target. @throws UsageError */
export function checkDevice(type: string, device: string): string {
  if (!type.startsWith('iscsi')) return absolute('--source-device', device)
  if (/^(iqn|eui|naa)\.[A-Za-z0-9.:_-]+$/.test(device)) return device
  throw new UsageError(`--source-device "${device}" is no name of an iSCSI target`, 'for example iqn.2024-01.org.example:disks', 'iscsiadm -m discovery -t st -p HOST lists them')
}

/** libvirt hands it to a program as an argument, which must not take it for an option. @throws UsageError */
export function checkPoolName(type: string, name: string): string {
  const allowed = type === 'logical' ? /^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/ : /^[A-Za-z0-9_.][A-Za-z0-9_.:/ -]*$/
  if (allowed.test(name)) return name
  throw new UsageError(`--source-name "${name}" is no name of ${type === 'logical' ? 'a volume group' : `what a pool of type ${type} is on`}`, 'letters, digits and _ . - are taken')
}
