import { localName, metadataElement } from './metadata.js'
import { parse, serialize, type XmlElement } from './node.js'
import { all, attr, child, children, path, remove, textOf } from './tree.js'

/** Documents of the same machine, as it runs and as it is stored, in a form in which only meant differences are left. */
export interface ComparableDomains { live: string, stored: string }

/**
 * Takes out of both documents what libvirt adds or chooses while a machine runs: ids, aliases, labels, ports, names of taps, paths
 * of consoles, chains of images, what it made of the host's CPU, the firmware that it picked. What the stored document leaves
 * open is no difference; passwords are not compared.
 */
export function comparableDomains(liveXml: string, storedXml: string): ComparableDomains {
  const [live, stored] = [parse(liveXml), parse(storedXml)]
  for (const root of [live, stored]) for (const clean of cleanings) clean(root)
  likeStored(live, stored)
  return { live: serialize(live), stored: serialize(stored) }
}

const cleanings: readonly ((root: XmlElement) => void)[] = [
  (root) => { delete root.attributes['id'] },
  (root) => removeBelow(root, (element) => element.name === 'seclabel' && attr(element, 'type') !== 'none' && attr(element, 'type') !== 'static'),
  (root) => removeBelow(root, (element) => element.name === 'alias' && !attr(element, 'name')?.startsWith('ua-')),
  (root) => { for (const vcpu of all(root, 'vcpus/vcpu')) delete vcpu.attributes['order'] },
  cleanMetadata, sortControllers, cleanDisks, cleanInterfaces, cleanCharacterDevices, cleanGraphics,
]

/** The mark of a run is of the running machine only. */
function cleanMetadata(root: XmlElement): void {
  const mark = metadataElement(root, 'urn:bay:run:1')
  for (const metadata of children(root, 'metadata')) metadata.children = metadata.children.filter((node) => node !== mark)
  remove(root, 'metadata', (metadata) => metadata.children.length === 0)
}

function removeBelow(element: XmlElement, which: (element: XmlElement) => boolean): void {
  element.children = element.children.filter((node) => node.type !== 'element' || !which(node))
  for (const each of children(element)) if (localName(each) !== 'metadata') removeBelow(each, which)
}

/** libvirt writes them in another order after a redefinition. */
function sortControllers(root: XmlElement): void {
  const keyOf = (controller: XmlElement) => `${attr(controller, 'type') ?? ''} ${(attr(controller, 'index') ?? '').padStart(6, '0')}`
  for (const devices of children(root, 'devices')) {
    const sorted = children(devices, 'controller').sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
    devices.children = devices.children.map((node) => node.type === 'element' && node.name === 'controller' ? sorted.shift() ?? node : node)
  }
}

function cleanDisks(root: XmlElement): void {
  for (const disk of all(root, 'devices/disk')) {
    remove(disk, 'backingStore')
    remove(disk, 'mirror')
    for (const source of children(disk, 'source')) delete source.attributes['index']
    const driver = child(disk, 'driver')
    // An empty drive has no format while it runs.
    if (driver && !child(disk, 'source')) delete driver.attributes['type']
  }
}

/** The devices on the host that libvirt names by itself. */
const ownNames = /^(vnet|macvtap|macvlan)\d+$/

function cleanInterfaces(root: XmlElement): void {
  for (const nic of all(root, 'devices/interface')) {
    for (const source of children(nic, 'source')) {
      delete source.attributes['portid']
      if (attr(nic, 'type') === 'network') for (const name of ['bridge', 'dev', 'mode']) delete source.attributes[name]
    }
    for (const target of children(nic, 'target')) if (ownNames.test(attr(target, 'dev') ?? '')) delete target.attributes['dev']
    remove(nic, 'target', (target) => Object.keys(target.attributes).length === 0 && target.children.length === 0)
  }
}

function cleanCharacterDevices(root: XmlElement): void {
  for (const name of ['console', 'serial', 'parallel', 'channel']) {
    for (const device of all(root, `devices/${name}`)) {
      delete device.attributes['tty']
      remove(device, 'source', (source) => attr(device, 'type') === 'pty' || /\/channel\/(target\/)?(domain-)?\d+-/.test(attr(source, 'path') ?? ''))
      for (const target of children(device, 'target')) delete target.attributes['state']
    }
  }
}

function cleanGraphics(root: XmlElement): void {
  for (const graphics of all(root, 'devices/graphics')) {
    for (const name of ['passwd', 'passwdValidTo', 'connected']) delete graphics.attributes[name]
    if (attr(graphics, 'autoport') === 'yes') for (const name of ['port', 'tlsPort', 'websocket']) delete graphics.attributes[name]
  }
}

/** What the stored document leaves open, and libvirt decided at the start. */
function likeStored(live: XmlElement, stored: XmlElement): void {
  for (const name of ['resource', 'cpu', 'vcpus']) if (!child(stored, name)) remove(live, name)
  cpuLikeStored(child(live, 'cpu'), child(stored, 'cpu'))
  firmwareLikeStored(live, stored)
}

/** The guest's CPU in the terms of what was asked for. */
function cpuLikeStored(live: XmlElement | undefined, stored: XmlElement | undefined): void {
  if (!live || !stored) return
  const asked = attr(stored, 'mode')
  const made = attr(live, 'mode')
  const expanded = asked === 'host-model' && made === 'custom'
  if (expanded) live.attributes['mode'] = 'host-model'
  for (const name of ['match', 'check', 'migratable']) copyAttribute(name, stored, live)
  const own = ['model', 'vendor', 'feature'] as const
  if (expanded) {
    const rest = live.children.filter((node) => node.type !== 'element' || !own.some((name) => name === node.name))
    live.children = [...stored.children.filter((node) => node.type === 'element' && own.some((name) => name === node.name)), ...rest]
    return
  }
  const known = new Set(children(stored, 'feature').map((feature) => attr(feature, 'name')))
  remove(live, 'feature', (feature) => !known.has(attr(feature, 'name')))
  if (!child(stored, 'vendor')) remove(live, 'vendor')
  const [liveModel, storedModel] = [child(live, 'model'), child(stored, 'model')]
  if (liveModel && storedModel) copyAttribute('fallback', storedModel, liveModel)
}

/** Firmware that libvirt chose by itself, and the file that it gave it. */
function firmwareLikeStored(live: XmlElement, stored: XmlElement): void {
  const [liveOs, storedOs] = [child(live, 'os'), child(stored, 'os')]
  if (!liveOs || !storedOs || attr(storedOs, 'firmware') === undefined) return
  if (attr(child(liveOs, 'loader'), 'type') === 'pflash') copyAttribute('firmware', storedOs, liveOs)
  // Secure boot brings it along.
  if (!path(stored, 'features/smm')) remove(live, 'features/smm')
  for (const name of ['loader', 'nvram', 'firmware']) if (!child(storedOs, name)) remove(liveOs, name)
  const [loader, asked] = [child(liveOs, 'loader'), path(storedOs, 'loader')]
  if (loader && asked && textOf(asked) === '') Object.assign(loader, { attributes: { ...asked.attributes }, children: [] })
}

function copyAttribute(name: string, from: XmlElement, to: XmlElement): void {
  const value = attr(from, name)
  if (value === undefined) delete to.attributes[name]
  else to.attributes[name] = value
}
