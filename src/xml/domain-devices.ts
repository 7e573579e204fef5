import { UsageError } from '../errors.js'
import { el } from './node.js'
import type { XmlElement } from './node.js'
import { whole } from './numbers.js'

export interface GraphicsSpec {
  type: 'vnc' | 'spice'
  /** The host's address to listen on. */
  listen: string
  /** libvirt picks the port at each start. */
  autoport: boolean
  /** Without autoport only, where it is needed. */
  port?: number
}

/** Serial port 0 as a pseudo terminal, and the console on it (https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices). */
export function serialElements(): XmlElement[] {
  return [
    el('serial', { type: 'pty' }, el('target', { port: 0 })),
    el('console', { type: 'pty' }, el('target', { type: 'serial', port: 0 })),
  ]
}

/** The guest agent's channel, and SPICE's own: QEMU refuses that one without SPICE. */
export function channelElements({ agent, spice }: { agent: boolean, spice: boolean }): XmlElement[] {
  return [
    ...(agent ? [el('channel', { type: 'unix' }, el('target', { type: 'virtio', name: agentChannel }))] : []),
    ...(spice ? [el('channel', { type: 'spicevmc' }, el('target', { type: 'virtio', name: 'com.redhat.spice.0' }))] : []),
  ]
}

/** The name by which qemu-guest-agent finds its channel. */
export const agentChannel = 'org.qemu.guest_agent.0'

/** A `<graphics>` (https://libvirt.org/formatdomain.html#graphical-framebuffers). */
export function graphicsElement({ type, listen, autoport, port }: GraphicsSpec): XmlElement {
  if (autoport === (port !== undefined)) throw new UsageError(`${type} graphics needs either a port or autoport`)
  const fixed = port === undefined ? -1 : whole(port, `the ${type} port`, { min: 1, max: 65535 })
  return el('graphics', { type, port: fixed, autoport }, el('listen', { type: 'address', address: listen }))
}

export function rngElement(): XmlElement {
  return el('rng', { model: 'virtio' }, el('backend', { model: 'random' }, '/dev/urandom'))
}

export function tabletElement(): XmlElement {
  return el('input', { type: 'tablet', bus: 'usb' })
}

/** A TPM 2.0 that swtpm emulates (https://libvirt.org/formatdomain.html#tpm-device); its state is kept with the domain's. */
export function tpmElement(model: string): XmlElement {
  return el('tpm', { model }, el('backend', { type: 'emulator', version: '2.0' }))
}

/**
 * PCI Express ports: on such machines a device that is plugged in while they run needs an empty one
 * (https://libvirt.org/pci-hotplug.html).
 */
export function portElements(count: number): XmlElement[] {
  if (count === 0) return []
  const ports = Array.from({ length: count }, () => el('controller', { type: 'pci', model: 'pcie-root-port' }))
  return [el('controller', { type: 'pci', model: 'pcie-root' }), ...ports]
}
