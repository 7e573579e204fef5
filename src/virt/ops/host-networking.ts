import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { hostRoutes, type Route } from './host-routes.js'

export interface Device {
  bridge: boolean
  /** the bridge that it is a port of */
  master: string | null
  mac: string
}

/** What this system does with the packets of guests. */
export interface HostNetworking {
  /** null where the kernel does not tell */
  forwarding: { ipv4: boolean | null, ipv6: boolean | null }
  devices: ReadonlyMap<string, Device>
  routes: readonly Route[]
  /** whether a network's dnsmasq runs; null when nobody knows */
  dnsmasq: (network: string) => boolean | null
  /** the output of iptables -S, and of -t nat; null when it may not be asked */
  firewall: { filter: string | null, nat: string | null, why: string }
  /** chains of nftables' own tables on the way of forwarded packets that drop what nothing in them accepts */
  dropping: readonly { name: string, text: string }[]
  /** whether libvirt has its rules in a table of nftables */
  libvirtTable: boolean
  /** whether iptables also sees packets that a bridge only passes on */
  bridgeFilter: boolean
}

/** Reads it from this system. Only root may read the firewall. */
export function hostNetworking(): HostNetworking {
  const [filter, nat, tables] = [ask('iptables', ['-S']), ask('iptables', ['-t', 'nat', '-S']), ask('nft', ['list', 'tables']).out ?? '']
  return {
    forwarding: { ipv4: flag('/proc/sys/net/ipv4/ip_forward'), ipv6: flag('/proc/sys/net/ipv6/conf/all/forwarding') },
    devices: new Map(readdirSync('/sys/class/net').flatMap((name) => device(name))), routes: hostRoutes(), dnsmasq: hasDnsmasq,
    firewall: { filter: filter.out, nat: nat.out, why: filter.why }, dropping: droppingChains(),
    libvirtTable: /^table \S+ libvirt_network$/m.test(tables), bridgeFilter: flag('/proc/sys/net/bridge/bridge-nf-call-iptables') === true,
  }
}

function device(name: string): [string, Device][] {
  const folder = `/sys/class/net/${name}`
  const mac = read(`${folder}/address`)
  // bonding_masters is a file among the devices; a tap may go while we look.
  if (mac === null) return []
  return [[name, { bridge: existsSync(`${folder}/bridge`), master: link(`${folder}/master`), mac: mac.trim() }]]
}

function hasDnsmasq(network: string): boolean | null {
  const folder = '/run/libvirt/network'
  if (!existsSync(folder)) return null
  const pid = read(`${folder}/${network}.pid`)?.trim()
  return pid !== undefined && /^\d+$/.test(pid) && read(`/proc/${pid}/comm`)?.trim() === 'dnsmasq'
}

/** What iptables itself has put there is read through iptables. */
function droppingChains(): { name: string, text: string }[] {
  const text = ask('nft', ['list', 'ruleset']).out ?? ''
  const found: { name: string, text: string }[] = []
  let table = ''
  for (const part of text.split(/^(?=table |\tchain )/m)) {
    const [, named] = /^table (\S+ \S+) \{/.exec(part) ?? []
    if (named !== undefined) table = named
    const [, chain] = /^\tchain (\S+) \{\n\t\ttype filter hook forward [^\n]*policy drop;/.exec(part) ?? []
    if (chain !== undefined && !/^ip6? filter$/.test(table)) found.push({ name: `${table} ${chain}`, text: part })
  }
  return found
}

function ask(program: string, args: readonly string[]): { out: string | null, why: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8', timeout: 10_000, env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
  })
  if (status === 0) return { out: stdout, why: '' }
  return { out: null, why: error ? `there is no ${program}` : stderr.trim().split('\n')[0] ?? '' }
}

function flag(file: string): boolean | null {
  const text = read(file)
  return text === null ? null : text.trim() !== '0'
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return null
  }
}

function link(path: string): string | null {
  try {
    return basename(readlinkSync(path))
  } catch {
    return null
  }
}
