import { expect } from 'chai'
import { cloudInitFiles } from '../../src/provision/cloud-init/files.js'
import { userDataOfClone } from '../../src/provision/cloud-init/clone-user-data.js'
import { cloneDocument, hostDevices, removeDevices } from '../../src/xml/clone-domain.js'
import { parse, serialize } from '../../src/xml/node.js'

const uuid = '11111111-2222-3333-4444-555555aabbcc'
const source = `<domain type="kvm" xmlns:q="urn:q"><name>a</name><uuid>00000000-0000-0000-0000-000000000001</uuid><genid>7</genid>
  <metadata><bay:bay xmlns:bay="urn:bay:1" profile="p" protected="true" protected-stop="true" address="10.0.0.5/24" reserved="n/10.0.0.5"/><x:thing xmlns:x="urn:x"/></metadata>
  <os firmware="efi"><nvram template="/t.fd">/n/a_VARS.fd</nvram></os>
  <sysinfo type="smbios"><system><entry name="uuid">00000000-0000-0000-0000-000000000001</entry><entry name="serial">s</entry></system></sysinfo>
  <devices><disk type="volume" device="disk"><driver name="qemu" type="raw"/><source pool="p" volume="a.img"/><backingStore/><target dev="vda"/></disk>
  <disk type="file" device="cdrom"><source file="/m.iso"/><target dev="sda"/><readonly/></disk>
  <interface type="network"><mac address="52:54:00:00:00:01"/><target dev="mine"/><filterref filter="f"><parameter name="IP" value="10.0.0.5"/><parameter name="IP" value="10.0.0.9"/></filterref></interface>
  <graphics type="vnc" port="5999" autoport="no" passwd="geheim"/><vsock><cid auto="no" address="3"/></vsock><serial type="file"><source path="/var/log/a"/></serial>
  <channel type="unix"><source mode="bind" path="/x"/><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
  <tpm model="tpm-tis"><backend type="emulator"/></tpm><hostdev type="pci"/></devices><q:commandline/></domain>`

describe('the document of a clone', () => {
  const clone = { name: 'b', uuid, mac: () => '52:54:00:aa:bb:cc', disks: new Map([['vda', { path: '/p/b.img', format: 'qcow2' }]]), nvram: '/n/b_VARS.fd' }

  it('has its own of all that only one machine can have, and the rest as it was', () => {
    const root = parse(source)
    const notes = cloneDocument(root, clone)
    expect(serialize(root, { indent: 0 })).to.equal(serialize(parse(source), { indent: 0 })
      .replace('<name>a<', '<name>b<').replaceAll('00000000-0000-0000-0000-000000000001', uuid).replace('<genid>7</genid>', '<genid/>')
      .replace(' protected="true" protected-stop="true" address="10.0.0.5/24" reserved="n/10.0.0.5"', '').replace('a_VARS', 'b_VARS')
      .replace('<disk type="volume"', '<disk type="file"').replace('type="raw"', 'type="qcow2"').replace('<source pool="p" volume="a.img"/><backingStore/>', '<source file="/p/b.img"/>')
      .replace('52:54:00:00:00:01', '52:54:00:aa:bb:cc').replace('<target dev="mine"/>', '').replace('<parameter name="IP" value="10.0.0.5"/>', '')
      .replace(' port="5999" autoport="no"', ' autoport="yes"').replace('auto="no" address="3"', 'auto="yes"')
      .replace('<source mode="bind" path="/x"/>', ''))
    expect(notes.join('\n')).to.match(/port of its own/).and.match(/TPM is new/).and.match(/shares \/var\/log\/a /)
  })

  it('can do without the devices that only one machine can have', () => {
    const root = parse(source)
    expect(hostDevices(root).map(({ name }) => name)).to.deep.equal(['hostdev'])
    removeDevices(root, hostDevices(root))
    expect(serialize(root)).to.not.contain('hostdev')
  })
})

describe('the user-data of a clone', () => {
  const spec = { instanceId: 'i', hostname: 'a', fqdn: 'a.example.org', users: [], packages: ['nginx'], runCommands: ['echo é'], keepHostKeys: true }

  it('has another hostname and new host keys, and all else as it was', () => {
    for (const extraUserData of [undefined, '#cloud-config\nlocale: de\n', '#!/bin/sh\necho ü\n']) {
      const { keepHostKeys: _keep, fqdn: _fqdn, ...rest } = spec
      const given = cloudInitFiles({ ...spec, extraUserData }).userData
      const expected = cloudInitFiles({ ...rest, hostname: 'b', extraUserData }).userData
      const boundary = /boundary="([^"]*)"/
      const sameBoundary = (text: string) => text.replaceAll(boundary.exec(text)?.[1] ?? '-none-', 'B')
      expect(sameBoundary(userDataOfClone(given, 'b') ?? '')).to.equal(sameBoundary(expected))
    }
  })

  it('is not known where it is not ours', () => {
    expect(userDataOfClone('#!/bin/sh\n', 'b')).to.equal(null)
    expect(userDataOfClone('#cloud-config\n- a\n', 'b')).to.equal(null)
  })
})
