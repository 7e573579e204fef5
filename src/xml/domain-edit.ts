import { el } from './node.js'
import type { XmlElement } from './node.js'
import { child, children } from './tree.js'
import { isSameDevice } from './machine-devices.js'

/** Adds a device to a domain's document, behind the last one of its kind; all else stays as it is. */
export function addDevice(root: XmlElement, device: XmlElement): void {
  const devices = child(root, 'devices') ?? append(root)
  const last = children(devices, device.name).at(-1)
  devices.children.splice(last ? devices.children.indexOf(last) + 1 : devices.children.length, 0, device)
}

/** Removes the device that is this one; false when the document has none such. */
export function removeDevice(root: XmlElement, device: XmlElement): boolean {
  const devices = child(root, 'devices')
  const found = children(devices, device.name).find((each) => isSameDevice(each, device))
  if (!devices || !found) return false
  devices.children = devices.children.filter((node) => node !== found)
  return true
}

function append(root: XmlElement): XmlElement {
  const devices = el('devices', {})
  root.children.push(devices)
  return devices
}
