import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { comparableDomains } from '../../../src/xml/comparable.js'
import { keepSecrets } from '../../../src/xml/secrets.js'
import { parse, serialize } from '../../../src/xml/node.js'
import { attr, path } from '../../../src/xml/tree.js'

const live = readFileSync(new URL('../../fixtures/xml/libvirt/domain-live.xml', import.meta.url), 'utf8')
/** What libvirt stores of that machine: without what it adds at the start. */
const stored = live
  .replace(` id='1'`, '').replaceAll(/\n *<alias [^>]*>/g, '').replace(/<resource>[^]*?<\/resource>/, '').replace(/<cpu [^]*?<\/cpu>/, '')
  .replaceAll(/ (portid='[^']*'|state='disconnected'|tty='[^']*')/g, '').replace(` bridge='bay-nat'`, '').replace(/<target dev='vnet0'\/>/, '')
  .replaceAll(/\n *<source path='\/dev\/pts\/0'\/>/g, '').replaceAll(/\n *<source mode='bind'[^>]*>/g, '').replace('<backingStore/>', '').replace(` index='2'/>`, '/>')
  .replace(`<driver name='qemu'/>`, `<driver name='qemu' type='raw'/>`).replace(`port='5900'`, `port='-1'`).replace(/<seclabel[^]*<\/seclabel>/, '')
  // Not as libvirt prints it: what has nothing in it any more.
  .replaceAll(/<(controller|input)([^>]*)>\s+<\/\1>/g, '<$1$2/>')

function differences(from: string, to: string): string[] {
  const { live: a, stored: b } = comparableDomains(from, to)
  const lines = (text: string) => text.split('\n').map((line) => line.trim())
  const [left, right] = [lines(a), lines(b)]
  return [...left.filter((line) => !right.includes(line)).map((line) => `-${line}`), ...right.filter((line) => !left.includes(line)).map((line) => `+${line}`)]
}

describe('a running machine beside its stored definition', () => {
  it('what libvirt adds at the start is no difference', () => expect(differences(live, stored)).to.deep.equal([]))

  it('what was changed is one, and nothing else', () => {
    expect(differences(live, stored.replace(`<vcpu placement='static'>1<`, `<vcpu placement='static'>2<`)))
      .to.deep.equal(['-<vcpu placement="static">1</vcpu>', '+<vcpu placement="static">2</vcpu>'])
    expect(differences(live, stored.replace('52:54:00:9d:e5:6c', '52:54:00:00:00:01'))).to.have.length(2)
    expect(differences(live, stored.replace('<title>t</title>', ''))).to.deep.equal(['-<title>t</title>'])
    expect(differences(live, stored.replace(`<rng model='virtio'>`, `<rng model='virtio-transitional'>`))).to.have.length(2)
  })

  it('the mark of a run is none, other metadata is', () => {
    const marked = live.replace('</metadata>', `<bayrun:run xmlns:bayrun="urn:bay:run:1" started="x"/></metadata>`)
    expect(differences(marked, stored)).to.deep.equal([])
    expect(differences(live.replace('</metadata>', '<x:y xmlns:x="urn:x"/></metadata>'), stored)).to.deep.equal(['-<x:y xmlns:x="urn:x"/>'])
    const alone = '<domain><metadata><run xmlns="urn:bay:run:1"/></metadata></domain>'
    expect(differences(alone, '<domain/>')).to.deep.equal([])
  })

  it('what became of the host\'s CPU is none, another model is', () => {
    const cpu = (text: string) => stored.replace('<clock', `${text}<clock`)
    expect(differences(live, cpu(`<cpu mode='host-model' check='partial'/>`))).to.deep.equal([])
    expect(differences(live, cpu(`<cpu mode='custom' match='exact' check='none'><model fallback='allow'>qemu64</model></cpu>`))).to.deep.equal([])
    expect(differences(live, cpu(`<cpu mode='custom' match='exact'><model fallback='forbid'>EPYC</model></cpu>`)).join()).to.include('EPYC')
    expect(differences(live, cpu(`<cpu mode='host-passthrough'/>`)).join()).to.include('host-passthrough')
  })

  it('firmware that libvirt chose is none', () => {
    const os = (text: string) => `<domain><os firmware='efi'><type>hvm</type>${text}</os></domain>`
    const filled = `<loader readonly='yes' secure='no' type='pflash'>/usr/share/OVMF/CODE.fd</loader><nvram template='/t'>/n</nvram>`
    expect(differences(os(filled), os(''))).to.deep.equal([])
    // As libvirt 9.0 prints what runs.
    const resolved = os(filled).replace(` firmware='efi'`, '').replace('</os>', `</os><features><acpi/><smm state='on'/></features>`)
    expect(differences(resolved, os('').replace('</os>', '</os><features><acpi/></features>'))).to.deep.equal([])
    const bios = os('').replace(` firmware='efi'`, '')
    expect(differences(bios, os(''))).to.deep.equal(['-<os>', '+<os firmware="efi">'])
    expect(differences(os(filled), os(`<loader secure='no'/>`))).to.deep.equal([])
    expect(differences(os(filled), os(`<nvram template='/t'>/other</nvram>`))).to.have.length.above(0)
  })

  it('passwords are not compared', () => {
    const graphics = (more: string) => `<domain><devices><graphics type='vnc' autoport='yes' port='1'${more}/></devices></domain>`
    expect(differences(graphics(` passwd='a'`), graphics(` passwd='b'`))).to.deep.equal([])
  })
})

describe('secrets that were not printed', () => {
  const disk = (host: string, cookies = '') => `<disk><source protocol='https' name='x'><host name='${host}'/>${cookies}</source><target dev='vda'/></disk>`
  const domain = (...devices: string[]) => parse(`<domain><devices>${devices.join('')}</devices></domain>`)

  it('come back, unless the text says another', () => {
    const old = domain(`<graphics type='vnc' passwd='a' passwdValidTo='t'/>`, disk('h', `<cookies><cookie name='c'>v</cookie></cookies>`))
    const root = domain(`<graphics type='vnc'/>`, disk('h'))
    keepSecrets(root, old)
    expect(serialize(root)).to.equal(serialize(old))
    const other = domain(`<graphics type='vnc' passwd='b'/>`, disk('elsewhere'))
    keepSecrets(other, old)
    expect(attr(path(other, 'devices/graphics'), 'passwd')).to.equal('b')
    expect(path(other, 'devices/disk/source/cookies')).to.equal(undefined)
  })
})
