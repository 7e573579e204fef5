import { expect } from 'chai'
import { Checkpoint } from '../../src/virt/checkpoint.js'
import type { Domain } from '../../src/virt/domain.js'
import { call } from '../../src/virt/raw/bind.js'
import { shows, type Cases } from './virt-cases.js'

type Methods = 'checkpoints' | 'checkpoint' | 'beginBackup' | 'backupXml' | 'job' | 'endedJob' | 'abortJob'

/** The methods of a machine that are about checkpoints and backups; the test driver has no jobs. */
export const checkpointCases: Pick<Cases<Domain>, Methods> = {
  checkpoints: (it) => {
    using made = makeCheckpoint(it, 'mark')
    using found = it.checkpoints()
    expect(found.map((each) => each.name())).to.deep.equal([made.name()])
  },
  checkpoint: async (it) => {
    using found = it.checkpoint('mark')
    found.delete()
    expect(it.checkpoints()).to.have.length(0)
    await shows('noCheckpoint', () => found.delete())
  },
  beginBackup: (it) => shows('noSupport', () => it.beginBackup('<domainbackup/>', null)),
  backupXml: (it) => shows('noSupport', () => it.backupXml()),
  job: (it) => shows('noSupport', () => it.job()),
  endedJob: (it) => shows('noSupport', () => it.endedJob()),
  abortJob: (it) => shows('noSupport', () => it.abortJob()),
}

export function makeCheckpoint(domain: Domain, name: string): Checkpoint {
  const xml = `<domaincheckpoint><name>${name}</name></domaincheckpoint>`
  return new Checkpoint(call.virDomainCheckpointCreateXML(domain.pointer, xml, 0))
}
