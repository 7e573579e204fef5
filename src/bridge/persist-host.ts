import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FileBefore } from './guard-messages.js'
import { renderIfupdown } from './persist-ifupdown.js'
import { renderNetplan } from './persist-netplan.js'
import { renderNetworkd } from './persist-networkd.js'
import { renderNetworkManager } from './persist-networkmanager.js'
import { mark, type FileChange, type Files, type Renderer } from './persist-wanted.js'
import { writeWhole } from './write-whole.js'

/** What keeps a system's network configuration. */
export type Keeper = 'netplan' | 'NetworkManager' | 'systemd-networkd' | 'ifupdown'

export const renderers: Record<Keeper, Renderer> = {
  'netplan': renderNetplan, 'NetworkManager': renderNetworkManager, 'systemd-networkd': renderNetworkd, 'ifupdown': renderIfupdown,
}

/**
 * The one that this system uses, for these devices; null when bay knows none. netplan writes for the others, and NetworkManager
 * leaves alone what ifupdown has.
 */
export function keeperOf(devices: readonly string[], root = '/'): Keeper | null {
  if (readConfiguration('netplan', root).size > 0) return 'netplan'
  const interfaces = [...readConfiguration('ifupdown', root).values()].join('\n')
  if (devices.some((each) => interfaces.split('\n').some((line) => isStanzaOf(line, each)))) return 'ifupdown'
  const there = (path: string) => existsSync(join(root, path))
  if (there('/run/NetworkManager')) return 'NetworkManager'
  const uses = ['/run/systemd/netif/state', '/etc/systemd/system/multi-user.target.wants/systemd-networkd.service'].some(there)
  if (uses || filesIn(root, '/etc/systemd/network', /\.network$/).length > 0) return 'systemd-networkd'
  return interfaces === '' ? null : 'ifupdown'
}

/** The files of its configuration, by their paths below that root. */
export function readConfiguration(keeper: Keeper, root = '/'): Files {
  switch (keeper) {
    case 'netplan': return contents(root, filesIn(root, '/etc/netplan', /\.yaml$/))
    case 'NetworkManager': return contents(root, filesIn(root, '/etc/NetworkManager/system-connections', /^[^.]/))
    case 'ifupdown': return contents(root, ['/etc/network/interfaces', ...filesIn(root, '/etc/network/interfaces.d', /^[\w.-]+$/)])
    case 'systemd-networkd': {
      // A file hides those of its name in the folders after its own.
      const paths = ['/etc', '/run', '/usr/lib'].flatMap((each) => filesIn(root, `${each}/systemd/network`, /\.(network|netdev)$/))
      const seen = new Set<string>()
      return contents(root, paths.filter((path) => {
        const name = path.slice(path.lastIndexOf('/') + 1)
        return !seen.has(name) && seen.add(name)
      }))
    }
  }
}

/** A file as it is, for whoever undoes its change. */
export function fileBefore({ path, mode }: FileChange): FileBefore {
  if (!existsSync(path)) return { path, content: null, mode }
  return { path, content: readFileSync(path, 'utf8'), mode: statSync(path).mode & 0o7777 }
}

/** Makes the change in one step; what somebody else wrote is kept below /var/backups/bay first. */
export function changeFile({ path, content, mode }: FileChange): void {
  const before = fileBefore({ path, content, mode })
  if (before.content !== null && !before.content.includes(mark)) {
    const folder = '/var/backups/bay'
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeWhole(join(folder, path.slice(1).replaceAll('/', '-')), before.content, 0o600)
  }
  if (content === null) rmSync(path, { force: true })
  else {
    mkdirSync(dirname(path), { recursive: true })
    writeWhole(path, content, before.content === null ? mode : before.mode)
  }
}

function filesIn(root: string, folder: string, pattern: RegExp): string[] {
  const there = join(root, folder)
  const entries = existsSync(there) ? readdirSync(there, { withFileTypes: true }) : []
  return entries.filter((entry) => !entry.isDirectory() && pattern.test(entry.name)).map((entry) => join(folder, entry.name)).sort()
}

/** A link to nowhere, as to /dev/null, says nothing. */
function contents(root: string, paths: readonly string[]): Files {
  return new Map(paths.flatMap((path) => {
    const there = join(root, path)
    return existsSync(there) && statSync(there).isFile() ? [[path, readFileSync(there, 'utf8')]] : []
  }))
}

function isStanzaOf(line: string, device: string): boolean {
  const [word, name] = line.trim().split(/\s+/)
  return word === 'iface' && name === device
}
