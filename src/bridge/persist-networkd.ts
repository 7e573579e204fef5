import { fitsGlob } from '../names.js'
import { hasTakenOver, mark, type FileChange, type Files, type Renderer, type Wanted, type WantedPort } from './persist-wanted.js'
import { readSections, valuesOf, writeSections, type Section } from './sections.js'

const folder = '/etc/systemd/network'

/**
 * systemd-networkd takes the first file that fits a device, so files of ours that sort before all others do, and none is changed.
 * What the port's own file says of addresses, names and routes is taken over. https://www.freedesktop.org/software/systemd/man/systemd.network.html
 */
export const renderNetworkd: Renderer = ({ name, wanted, released }, files) => {
  const gone = [...released, ...wanted ? [] : [name, ...portsIn(files, name)]].map((each) => fileOf(each))
  const removed = [...gone, ...wanted ? [] : [`${folder}/00-bay-${name}.netdev`]].filter((path) => files.has(path)).map((path) => change(path, null))
  if (wanted === null) return removed
  return [
    ...removed, change(`${folder}/00-bay-${name}.netdev`, device(wanted)), change(fileOf(name), network(wanted, files)),
    ...wanted.ports.map((port) => change(fileOf(port.name), portNetwork(name, port))),
  ]
}

function fileOf(name: string): string {
  return `${folder}/00-bay-${name}.network`
}

function change(path: string, content: string | null): FileChange {
  return { path, content, mode: 0o644 }
}

function device({ name, stp, vlanFiltering, mac }: Wanted): string {
  return writeSections([
    { name: 'NetDev', lines: [`Name=${name}`, 'Kind=bridge', ...mac === null ? [] : [`MACAddress=${mac}`]] },
    // A kernel without VLAN filtering refuses to be told that there is none, and networkd then sets nothing of the bridge.
    { name: 'Bridge', lines: [`STP=${yes(stp)}`, ...vlanFiltering ? ['VLANFiltering=yes'] : []] },
  ], mark)
}

function network(wanted: Wanted, files: Files): string {
  const { name, ports, addresses, mtu } = wanted
  // A size that the .netdev gives goes with the first port.
  const size: Section[] = mtu === null ? [] : [{ name: 'Link', lines: [`MTUBytes=${mtu}`] }]
  const head: Section[] = [{ name: 'Match', lines: [`Name=${name}`] }, ...size]
  // Ours, of an earlier port, or else that of the port whose addresses the bridge has taken.
  const own = files.get(fileOf(name))
  const known = own !== undefined && hasAddress(own) ? own : ports.flatMap((port) => originalOf(port, files) ?? [])[0]
  if (known === undefined || !hasTakenOver(wanted)) return writeSections([...head, ...fromState(wanted)], mark)
  const taken = readSections(known).filter((section) => !['Match', 'Link'].includes(section.name))
  const said = [...valuesOf(taken, 'Network', 'Address'), ...valuesOf(taken, 'Address', 'Address')]
  const more = addresses.filter((each) => !said.includes(each)).map((each) => `Address=${each}`)
  return writeSections([...head, ...more.length === 0 ? [] : [{ name: 'Network', lines: more }], ...taken], mark)
}

function hasAddress(text: string): boolean {
  const sections = readSections(text)
  return ['Network', 'Address'].some((each) => valuesOf(sections, each, 'Address').length > 0) || valuesOf(sections, 'Network', 'DHCP').some((each) => each !== 'no')
}

function fromState({ addresses, dhcp4, auto6, routes }: Wanted): Section[] {
  const lines = [...addresses.map((each) => `Address=${each}`), ...dhcp4 ? ['DHCP=ipv4'] : [], `IPv6AcceptRA=${yes(auto6)}`]
  return [{ name: 'Network', lines }, ...routes.map(({ family, to, via, metric }) => ({
    name: 'Route', lines: [
      `Destination=${to !== 'default' ? to : family === '-6' ? '::/0' : '0.0.0.0/0'}`,
      ...via === null ? [] : [`Gateway=${via}`], ...metric === null ? [] : [`Metric=${metric}`],
    ],
  }))]
}

function portNetwork(bridge: string, { name, vlans }: WantedPort): string {
  return writeSections([{ name: 'Match', lines: [`Name=${name}`] }, { name: 'Network', lines: [`Bridge=${bridge}`] }, ...vlans.map(({ id, flags }) => ({
    name: 'BridgeVLAN', lines: [
      ...flags.includes('PVID') ? [`PVID=${id}`] : [], ...flags.includes('Egress Untagged') ? [`EgressUntagged=${id}`] : [`VLAN=${id}`],
    ],
  }))], mark)
}

/** The first file that fits the device, as networkd reads them: by their names, whatever their folder. */
function originalOf(port: WantedPort, files: Files): string | undefined {
  const named = [...files].filter(([path]) => path.endsWith('.network') && !path.includes('/00-bay-'))
    .sort(([a], [b]) => base(a) < base(b) ? -1 : 1)
  return named.find(([, text]) => fits(readSections(text), port))?.[1]
}

function fits(sections: readonly Section[], { name, mac }: WantedPort): boolean {
  const words = (key: string): string[] => valuesOf(sections, 'Match', key).flatMap((value) => value.split(/\s+/))
  return words('Name').some((each) => fitsGlob(each, name))
    || [...words('MACAddress'), ...words('PermanentMACAddress')].some((each) => each.toLowerCase() === mac)
}

/** The devices whose file makes them a port of it. */
function portsIn(files: Files, bridge: string): string[] {
  return [...files].flatMap(([path, text]) => {
    const sections = readSections(text)
    return path.startsWith(`${folder}/00-bay-`) && valuesOf(sections, 'Network', 'Bridge').includes(bridge) ? valuesOf(sections, 'Match', 'Name') : []
  })
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function yes(on: boolean): string {
  return on ? 'yes' : 'no'
}
