import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { UsageError } from '../../src/errors.js'
import { partsOn, readHostDevice, readHostPart } from '../../src/xml/host-device.js'
import { serialize } from '../../src/xml/node.js'
import { isSameDevice } from '../../src/xml/machine-devices.js'
import { pciClassName } from '../../src/xml/pci.js'
import { isRootHub, isSameUsb, parseUsbName, readUsbCapability, usbElement, usbOfHostdev, type UsbName } from '../../src/xml/usb.js'

const folder = new URL('../fixtures/node-devices/', import.meta.url)
const read = (file: string) => readFileSync(new URL(`${file}.xml`, folder), 'utf8')
const parts = readdirSync(folder).flatMap((file) => readHostPart(readFileSync(new URL(file, folder), 'utf8')) ?? [])

describe('a USB device\'s name', () => {
  const same: Record<string, UsbName> = {
    '046d:c52b': { id: '046d:c52b' }, '046D:C52B': { id: '046d:c52b' }, '0x046d:0xc52b': { id: '046d:c52b' },
    '1.4': { place: '1.4' }, '001.004': { place: '1.4' }, '12.127': { place: '12.127' },
  }
  for (const [typed, meant] of Object.entries(same)) it(`${typed} is understood`, () => expect(parseUsbName(typed)).to.deep.equal(meant))

  for (const text of ['', '046d', '046d:c52', '046d:c52b0', '1:4', '1.4.2', 'usb1', '1.4 ', '-1.4', '1111.1']) {
    it(`${JSON.stringify(text)} is none`, () => expect(() => parseUsbName(text)).to.throw(UsageError, 'names no USB device'))
  }
})

describe('a USB device of a machine', () => {
  it('says what it was told by, and reads back so', () => {
    expect(serialize(usbElement({ id: '046d:c52b' }, { optional: true })).replaceAll(/\n */g, '')).to.equal('<hostdev mode="subsystem" type="usb" managed="yes">'
      + '<source startupPolicy="optional"><vendor id="0x046d"/><product id="0xc52b"/></source></hostdev>')
    for (const name of [{ id: '046d:c52b' }, { place: '1.4' }, { id: '0001:0002', place: '12.127' }]) {
      expect(usbOfHostdev(usbElement(name, { optional: false }))).to.deep.equal(name)
    }
  })

  it('is another one of its kind at another place, and the same one where only the kind is known', () => {
    const [one, two, kind] = [{ id: 'a:b', place: '1.4' }, { id: 'a:b', place: '1.7' }, { id: 'a:b' }]
    expect([isSameUsb(one, two), isSameUsb(one, kind), isSameUsb(kind, two), isSameUsb({ place: '1.4' }, one)]).to.deep.equal([false, true, true, true])
    expect([isSameUsb({ place: '1.4' }, kind), isSameUsb({ id: 'c:d', place: '1.4' }, one), isSameUsb({}, {})]).to.deep.equal([false, false, false])
    const device = (name: UsbName) => usbElement(name, { optional: false })
    expect(isSameDevice(device({ id: '046d:c52b', place: '1.4' }), device({ id: '046d:c52b', place: '1.7' }))).to.equal(false)
  })
})

describe('the devices of a host', () => {
  it('on USB are read, the host\'s own hubs told apart', () => {
    const device = readHostDevice(read('usb_1_4'))
    expect(device).to.deep.include({ kind: 'usb', node: 'usb_1_4', path: '/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4' })
    expect(device?.kind === 'usb' && device.usb).to.deep.equal({
      id: '046d:c52b', place: '1.4', vendor: 'Logitech, Inc.', product: 'Unifying Receiver', driver: 'usb',
    })
    const hub = readHostDevice(read('usb_usb1'))
    expect(hub?.kind === 'usb' && isRootHub(hub.usb)).to.equal(true)
    expect(readHostDevice(read('net_enp10s3'))).to.equal(null)
    expect(readUsbCapability({ type: 'element', name: 'capability', attributes: {}, children: [] }, null)).to.include({ id: '0000:0000', place: '0.0', vendor: null })
  })

  it('have what the host has on them: disks, and interfaces that are up', () => {
    const on = (file: string) => partsOn(readHostDevice(read(file))?.path ?? '', parts)
    expect(on('usb_1_2')).to.deep.equal(['/dev/sdb'])
    expect(on('usb_1_4')).to.deep.equal([])
    expect(on('0000_0a_03.0')).to.deep.equal(['enp10s3'])
    expect(partsOn('', parts)).to.deep.equal([])
    expect(readHostPart(read('net_enp10s3').replace(`state='up'`, `state='down'`))).to.equal(null)
    expect(readHostPart(read('block_sdb').replace('>disk<', '>cdrom<'))).to.equal(null)
    expect(readHostPart(read('block_sdb').replace('>1</media_available>', '>0</media_available>'))).to.equal(null)
  })

  it('on PCI are of a kind that is a word', () => {
    const words = [0x030000, 0x030200, 0x040300, 0x020000, 0x010802, 0x060400, 0x0c0330, 0x0c0500, 0xff0000].map(pciClassName)
    expect(words).to.deep.equal(['display', 'display', 'multimedia', 'network', 'storage', 'bridge', 'usb', 'serial', 'other'])
  })
})
