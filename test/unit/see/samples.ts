import type { VmSample } from '../../../src/virt/ops/sample-vms.js'

/** A machine's figures: one disk, one interface. */
export function vmSample(more: Partial<VmSample> = {}): VmSample {
  return {
    name: 'web-1', uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', id: 1, state: 'running', time: '2026-01-01T00:00:00.000Z', vcpus: 2, cpuTime: 10,
    memory: 1024, maxMemory: 2048, memoryUsed: null, memoryRss: 900,
    disks: [{
      target: 'vda', path: null, readBytes: 10, readRequests: 1, readTime: 0.5, writtenBytes: 20, writeRequests: 2, writeTime: null, capacity: 50, allocation: 5,
    }],
    nics: [{
      tap: 'vnet0', receivedBytes: 100, receivedPackets: 3, receiveErrors: 0, receiveDrops: 0, sentBytes: 200, sentPackets: 4, sendErrors: 0, sendDrops: 0,
    }],
    ...more,
  }
}
