import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A host of libvirt's test driver with so many machines `m-1`, `m-2` …, all running but every second one when told so. */
export function manyMachines(count: number, { halfOff = false } = {}): Disposable & { uri: string, folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bay-bench-'))
  const file = join(folder, 'host.xml')
  const machines = Array.from({ length: count }, (_, at) => machine(at + 1, halfOff && at % 2 === 1))
  writeFileSync(file, `<node>\n${network}${machines.join('')}</node>\n`)
  return { uri: `test://${file}`, folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

const network = `<network><name>default</name><bridge name='virbr0'/><forward/><ip address='192.168.122.1' netmask='255.255.255.0'>
<dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>\n`

function machine(number: number, off: boolean): string {
  const hex = number.toString(16).padStart(6, '0')
  return `<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>m-${number}</name>
<uuid>6695eb01-f6a4-8304-79aa-97f250${hex}</uuid><memory>2097152</memory><currentMemory>1048576</currentMemory><vcpu>2</vcpu><os><type>hvm</type></os>
<devices><disk type='file' device='disk'><source file='/var/lib/images/m-${number}.qcow2'/><target dev='vda' bus='virtio'/></disk>
<interface type='network'><mac address='52:54:00:${hex.replace(/(..)(..)(..)/, '$1:$2:$3')}'/><source network='default'/></interface></devices>
${off ? '<test:runstate>5</test:runstate>' : ''}</domain>\n`
}
