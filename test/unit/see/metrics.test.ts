import { expect } from 'chai'
import fc from 'fast-check'
import { hostMetrics, up } from '../../../src/metrics-families.js'
import { parseListen } from '../../../src/metrics-server.js'
import { renderMetrics } from '../../../src/output/prometheus.js'
import type { HostSample } from '../../../src/virt/ops/sample-host.js'
import { readExposition } from './exposition.js'
import { vmSample } from './samples.js'

describe('metrics', () => {
  it('read back as they were, whatever the names are', () => fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => {
    const text = renderMetrics([{ name: 'bay_x', help: 'one\\two\nthree', type: 'gauge', samples: [{ labels: { vm: name }, value: 1.5 }] }])
    expect(readExposition(text).get('bay_x')?.samples).to.deep.equal([{ labels: { vm: name }, value: 1.5 }])
  })))

  it('are known by the reader when they are wrong', () => {
    for (const wrong of [
      'bay_x 1', '# HELP a b\n# TYPE a gauge\na{b="c} 1\n', '# HELP a b\n# TYPE a counter\na 1\n', '# HELP a b\n# TYPE a gauge\na 1\na 2\n',
      '# HELP a b\n# TYPE a gauge\na{b="\\x"} 1\n', '# TYPE a gauge\na 1\n', '# HELP a b\n# TYPE a gauge\na 1,5\n',
    ]) expect(() => readExposition(wrong), wrong).to.throw()
  })

  it('have base units, and nothing where nobody knows', () => {
    const found = readExposition(renderMetrics(hostMetrics(host)))
    expect(found.get('bay_up')?.samples).to.deep.equal([{ labels: {}, value: 1 }])
    expect(found.get('bay_vm_cpu_seconds_total')).to.deep.include({ type: 'counter', samples: [{ labels: { vm: 'a"b\\c\nd' }, value: 12.5 }] })
    expect(found.get('bay_vm_disk_written_bytes_total')?.samples).to.deep.equal([{ labels: { vm: 'a"b\\c\nd', disk: 'vda' }, value: 20 }])
    expect(found.get('bay_vm_network_receive_bytes_total')?.samples).to.deep.equal([{ labels: { vm: 'a"b\\c\nd', device: 'vnet0' }, value: 100 }])
    expect(found.get('bay_vms')?.samples.map(({ labels, value }) => [labels['state'], value])).to.deep.equal([['running', 1], ['paused', 0], ['off', 1]])
    expect(found.get('bay_pool_active')?.samples.map(({ value }) => value)).to.deep.equal([1, 0])
    expect(found.get('bay_pool_available_bytes')?.samples).to.deep.equal([{ labels: { pool: 'p' }, value: 7 }])
    expect(found.has('bay_host_memory_free_bytes')).to.equal(false)
    for (const [name, { help }] of found) expect([name, help]).to.satisfy(([key, text]: string[]) => key?.startsWith('bay_') && text !== '')
  })

  it('of a host that is down are one', () => {
    expect(renderMetrics([up(0)])).to.equal('# HELP bay_up Whether libvirt answered\n# TYPE bay_up gauge\nbay_up 0\n')
  })

  it('are listened for on this machine unless an address is given', () => {
    expect(parseListen('9177')).to.deep.equal({ host: '127.0.0.1', port: 9177 })
    expect(parseListen('0.0.0.0:80')).to.deep.equal({ host: '0.0.0.0', port: 80 })
    expect(parseListen('[::1]:0')).to.deep.equal({ host: '::1', port: 0 })
    for (const wrong of ['', ':9177', 'x:1', '1.2.3.4', '127.0.0.1:65536', '::1:9177', '127.0.0.1:', '-1', '1.2.3:80']) {
      expect(() => parseListen(wrong), wrong).to.throw(/is no address and port/)
    }
  })
})

const host: HostSample = {
  host: { name: 'h', type: 'QEMU', libvirt: '9.0.0', cpus: 2, memory: 1024, memoryFree: null },
  vms: [vmSample({ name: 'a"b\\c\nd', cpuTime: 12.5 })],
  machines: [{ name: 'a"b\\c\nd', state: 'running' }, { name: 'off', state: 'off' }],
  pools: [{ name: 'p', state: 'running', capacity: 10, allocation: 3, available: 7 }, { name: 'q', state: 'inactive', capacity: null, allocation: null, available: null }],
  networks: [{ name: 'n', active: true, leases: 2 }],
}
