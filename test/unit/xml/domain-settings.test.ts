import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { changeSettings, readSettings, type Settings } from '../../../src/xml/domain-settings.js'
import { parse, serialize } from '../../../src/xml/node.js'
import { all, attr, path } from '../../../src/xml/tree.js'
import { rich } from './edits.js'

const GiB = 2 ** 30
const plain = `<domain><memory unit='GiB'>2</memory><vcpu>2</vcpu><os><type>hvm</type></os><devices/></domain>`

function after(xml: string, wanted: Settings) {
  const root = parse(xml)
  changeSettings(root, wanted)
  return root
}

const read = (xml: string, wanted: Settings) => readSettings(after(xml, wanted))
const refusal = (xml: string, wanted: Settings): string => {
  try {
    changeSettings(parse(xml), wanted)
    return 'nothing'
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError)
    return (error as UsageError).message
  }
}

describe('the settings of a machine\'s document', () => {
  it('are read', () => {
    expect(readSettings(parse(rich))).to.deep.equal({
      'vcpus': 2, 'max-vcpus': 8, 'topology': '2x2x2', 'memory': 4 * GiB, 'max-memory': 4.5 * GiB, 'balloon': 'virtio', 'cpu': 'Skylake-Client',
      'boot': 'disk,network', 'title': null, 'description': null, 'on-poweroff': null, 'on-reboot': null, 'on-crash': null,
    })
    expect(readSettings(parse('<domain/>'))).to.include({ vcpus: 1, cpu: null, boot: null, balloon: null })
  })

  it('nothing asked, nothing changed', () => {
    for (const xml of [plain, rich]) expect(serialize(after(xml, {}))).to.equal(serialize(parse(xml)))
  })

  it('vcpus: within the maximum, above it, and below', () => {
    expect(serialize(path(after(plain, { vcpus: 1 }), 'vcpu')!)).to.equal('<vcpu current="1">2</vcpu>')
    expect(serialize(path(after(plain, { vcpus: 4 }), 'vcpu')!)).to.equal('<vcpu>4</vcpu>')
    expect(read(plain, { 'vcpus': 2, 'max-vcpus': 8 })).to.include({ 'vcpus': 2, 'max-vcpus': 8 })
    expect(read(plain, { 'max-vcpus': 1 })).to.include({ 'vcpus': 1, 'max-vcpus': 1 })
    expect(refusal(plain, { 'vcpus': 4, 'max-vcpus': 2 })).to.equal('4 vcpus are more than the maximum of 2')
  })

  it('vcpus: the topology gets more sockets, and a maximum that does not fit it is refused', () => {
    const root = after(rich, { vcpus: 9 })
    expect(readSettings(root)).to.include({ 'vcpus': 9, 'max-vcpus': 12, 'topology': '3x2x2' })
    expect(attr(path(root, 'cpu/numa/cell'), 'cpus')).to.equal('0-11')
    expect(refusal(rich, { 'max-vcpus': 6 })).to.include('a maximum of 6 CPUs does not fit the topology, whose sockets have 4 each')
    expect(read(rich, { topology: { sockets: 1, dies: 1, cores: 4, threads: 1 } })).to.include({ 'vcpus': 2, 'max-vcpus': 4, 'topology': '1x4x1' })
    expect(read(rich, { 'topology': null, 'max-vcpus': 6 })).to.include({ 'max-vcpus': 6, 'topology': null })
    expect(refusal(rich, { 'topology': { sockets: 1, dies: 1, cores: 4, threads: 1 }, 'max-vcpus': 8 })).to.include('the topology has 4 CPUs')
    expect(read(plain, { topology: { sockets: 2, dies: 2, cores: 2, threads: 1 } })).to.include({ 'vcpus': 2, 'max-vcpus': 8, 'topology': '2x2x2x1' })
  })

  it('vcpus: a list of single CPUs follows; the first, and those that are fixed, stay on', () => {
    const on = (wanted: Settings) => all(after(rich, wanted), 'vcpus/vcpu').filter((each) => attr(each, 'enabled') === 'yes').map((each) => attr(each, 'id'))
    expect(on({ vcpus: 4 })).to.deep.equal(['0', '1', '2', '3'])
    expect(on({ vcpus: 1 })).to.deep.equal(['0'])
    expect(all(after(rich, { 'max-vcpus': 4 }), 'vcpus/vcpu')).to.have.length(4)
    expect(all(after(rich, { vcpus: 12 }), 'vcpus/vcpu')).to.have.length(12)
  })

  it('memory: the balloon within the maximum, the maximum above it; NUMA and modules are counted', () => {
    expect(read(plain, { memory: GiB })).to.include({ 'memory': GiB, 'max-memory': 2 * GiB })
    expect(read(plain, { memory: 4 * GiB })).to.include({ 'memory': 4 * GiB, 'max-memory': 4 * GiB })
    expect(read(plain, { 'max-memory': GiB })).to.include({ 'memory': GiB, 'max-memory': GiB })
    expect(refusal(plain, { 'memory': 4 * GiB, 'max-memory': GiB })).to.equal('memory is more than max-memory')
    expect(attr(path(after(rich, { 'max-memory': 8.5 * GiB }), 'cpu/numa/cell'), 'memory')).to.equal(`${8 * 2 ** 20}`)
    expect(refusal(rich, { 'max-memory': GiB / 2 })).to.include('memory modules alone have 524288 KiB')
    expect(refusal(rich, { memory: 17 * GiB })).to.include('<maxMemory>')
  })

  it('memory: without a balloon the guest has all', () => {
    const none = after(plain, { balloon: 'none' })
    expect(read(serialize(none), { memory: GiB })).to.include({ 'memory': GiB, 'max-memory': GiB })
    expect(refusal(serialize(none), { 'memory': GiB, 'max-memory': 2 * GiB })).to.include('has no balloon')
  })

  it('several NUMA cells: nobody knows which is meant', () => {
    const cells = rich.replace(/<cell [^>]*>/, '<cell id="0" cpus="0-3" memory="2" unit="GiB"/><cell id="1" cpus="4-7" memory="2" unit="GiB"/>')
    expect(refusal(cells, { 'max-vcpus': 16 })).to.include('has 2 NUMA cells')
    expect(refusal(cells, { 'max-memory': 8 * GiB })).to.include('has 2 NUMA cells')
    expect(read(cells, { vcpus: 4, memory: GiB })).to.include({ vcpus: 4, memory: GiB })
  })

  it('cpu: a mode takes the model away, a model comes without another to fall back to', () => {
    const mode = after(rich, { cpu: 'host-passthrough' })
    expect(path(mode, 'cpu')?.attributes).to.deep.equal({ mode: 'host-passthrough' })
    expect(all(mode, 'cpu/model')).to.deep.equal([])
    expect(all(mode, 'cpu/feature')).to.have.length(1)
    expect(serialize(path(after(plain, { cpu: 'qemu64' }), 'cpu')!, { indent: 0 }))
      .to.equal('<cpu mode="custom" match="exact"><model fallback="forbid">qemu64</model></cpu>')
  })

  it('boot: by kind, by target and by MAC address; the order stands at the devices', () => {
    const root = after(rich, { boot: ['network', 'disk'] })
    expect(readSettings(root).boot).to.equal('52:54:00:00:00:01,vda')
    expect(all(root, 'os/boot')).to.deep.equal([])
    expect(read(serialize(root), { boot: ['sda', '52:54:00:00:00:01'] }).boot).to.equal('sda,52:54:00:00:00:01')
    expect(read(rich, { boot: ['cdrom', 'vda', 'disk'] }).boot).to.equal('sda,vda')
    expect(refusal(rich, { boot: ['vdz'] })).to.equal('the machine has no "vdz" to boot from')
    expect(refusal(plain, { boot: ['network'] })).to.equal('the machine has no network interface to boot from')
  })

  it('balloon: one that is not there has no options', () => {
    expect(serialize(path(after(rich, { balloon: 'none' }), 'devices/memballoon')!)).to.equal('<memballoon model="none"/>')
  })

  it('texts are set and removed', () => {
    expect(read(plain, { 'title': 'a & b', 'on-crash': 'restart' })).to.include({ 'title': 'a & b', 'on-crash': 'restart' })
    expect(read(plain.replace('<devices/>', '<description>old</description>'), { description: null }).description).to.equal(null)
  })
})
