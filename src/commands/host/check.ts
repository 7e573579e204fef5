import { BaseCommand } from '../../base.js'
import { checkColumns } from '../../check-columns.js'
import { listFlags } from '../../flags.js'
import { checkHost } from '../../virt/ops/check-host.js'
import type { Finding } from '../../virt/ops/check-host-finding.js'

export default class HostCheck extends BaseCommand<typeof HostCheck> {
  static override summary = 'Check whether the host has what machines need'
  static override description = 'Looks at the connection, KVM, the emulator, the default network, storage and programs, and changes nothing. '
    + 'Ends with 3 when there is a problem and with 6 when the host cannot be reached; warnings alone end with 0.'

  static override examples = [
    '<%= config.bin %> host check',
    '<%= config.bin %> host check --filter level!=ok -o json',
  ]

  static override flags = listFlags

  async run(): Promise<readonly Finding[]> {
    const { findings, failure, notes } = await checkHost((options) => this.openHost(options))
    await this.showList(findings, checkColumns, { nameOf: (finding) => finding.check })
    for (const note of notes) this.note(note)
    if (failure) this.endWith(failure.code === 'failed' ? 'cannot-connect' : failure.code)
    else if (findings.some(({ level }) => level === 'problem')) this.endWith('differences')
    return findings
  }
}
