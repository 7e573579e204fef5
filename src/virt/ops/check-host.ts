import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { clientLibrary } from '../library.js'
import { failed, looked, ok, warning, type Finding } from './check-host-finding.js'
import { checkKvm } from './check-host-kvm.js'
import { checkEmulator, checkNetwork, checkPools } from './check-host-objects.js'
import { checkPrograms } from './check-host-programs.js'
import { versionText } from './describe-host.js'
import type { Host } from './host.js'

export interface HostReport {
  findings: Finding[]
  /** why the host could not be reached */
  failure: BayError | null
  /** what was left out, and why */
  notes: string[]
}

type Open = (options: { readOnly: boolean }) => Promise<Host>

/**
 * Looks at everything that machines need, and changes nothing. A host that cannot be reached is a finding, not an error.
 * `open` opens the host; it is asked for a second connection, which could write, to learn whether it would get one.
 */
export async function checkHost(open: Open): Promise<HostReport> {
  const findings: Finding[] = []
  let check = 'library'
  try {
    const { file, version } = clientLibrary()
    findings.push(ok(check, `${file} is libvirt ${versionText(version)}`))
    check = 'connection'
    const host = await open({ readOnly: true })
    findings.push(ok(check, `connected to ${host.uri}`))
    return await checkReached(host, findings, open)
  } catch (error) {
    if (!(error instanceof BayError)) throw error
    return { findings: [...findings, failed(check, error)], failure: error, notes: [] }
  }
}

async function checkReached(host: Host, findings: Finding[], open: Open): Promise<HostReport> {
  const { connection } = host.shared ? await checkRights(host, findings, open) : host
  const real = connection.type() !== 'TEST'
  const local = real && connection.isLocal()
  findings.push(...looked('versions', () => [versions(connection)]))
  if (real) findings.push(...looked('kvm', () => checkKvm(connection)), ...looked('emulator', () => [checkEmulator(connection)]))
  findings.push(...looked('network', () => [checkNetwork(connection)]), ...looked('pools', () => checkPools(connection)))
  if (local) findings.push(...checkPrograms())
  return { findings, failure: null, notes: local ? [] : [leftOut(real)] }
}

function leftOut(real: boolean): string {
  return real
    ? '/dev/kvm and programs were not looked for: the host is remote, run it there too'
    : 'KVM, emulators and programs were not looked for: the machines of a test host are imaginary'
}

/** Gives the connection that may ask for more. */
async function checkRights(host: Host, findings: Finding[], open: Open): Promise<Host> {
  try {
    const writable = await open({ readOnly: false })
    findings.push(ok('rights', 'the host may be changed'))
    return writable
  } catch (error) {
    if (!(error instanceof BayError)) throw error
    findings.push(warning('rights', `the host may only be looked at: ${error.message}`, error.hints.join('; ')))
    return host
  }
}

function versions(connection: Connection): Finding {
  const daemon = versionText(connection.libraryVersion())
  const hypervisor = connection.version()
  return ok('versions', `libvirt ${daemon} with ${connection.type()}${hypervisor > 0 ? ` ${versionText(hypervisor)}` : ''}`)
}
