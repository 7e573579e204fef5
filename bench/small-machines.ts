import { program, type Run } from './compare.js'

/** The XML of a machine that is never started. */
export function smallMachine(name: string): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os></domain>\n`
}

const fromFiles = `
import sys, libvirt
connection = libvirt.open(sys.argv[1])
for file in sys.stdin.read().split():
    connection.defineXMLFlags(open(file).read(), libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
`

/** Has python3-libvirt define machines from files over one connection, checked against the schema as bay does. */
export function pythonDefining(uri: string, files: readonly string[]): Promise<Run> {
  return program('/usr/bin/python3', ['-c', fromFiles, uri], process.env, files.join('\n'))
}

const many = `
import sys, libvirt
connection = libvirt.open(sys.argv[1])
for number in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
    connection.defineXML(sys.argv[4].replace('NAME', 'm-%d' % number))
`

/** Machines `m-FROM` to `m-TO` on a host. */
export async function defineMany(uri: string, from: number, to: number): Promise<void> {
  await program('/usr/bin/python3', ['-c', many, uri, `${from}`, `${to}`, smallMachine('NAME')], process.env)
}
