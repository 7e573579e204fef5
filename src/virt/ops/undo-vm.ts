import { sh } from '../../shell.js'
import { askMade } from './ask-made.js'
import { undefineAll } from './undefine.js'
import type { Made, Undoing } from './undo-kind.js'

/** A machine that a run defined, with all that libvirt keeps of it. */
export const definedDomain: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the machine ${name}`,
  removeBy: ({ name }) => sh`bay vm delete --yes --keep-disks ${name}`,
  isThere: (connection, made) => askMade(connection, made, () => true),
  undo: (connection, { uuid }) => {
    using domain = connection.domainByUuid(uuid)
    if (domain.isPersistent()) undefineAll(domain)
  },
}

export const domainAutostart: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the start of ${name} with its host`,
  removeBy: ({ name }) => sh`bay vm autostart --off ${name}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => domain.isPersistent() && domain.autostart()),
  undo: (connection, { uuid }) => {
    using domain = connection.domainByUuid(uuid)
    domain.setAutostart(false)
  },
}

export const runningDomain: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the running machine ${name}`,
  removeBy: ({ name }) => sh`bay vm stop --force ${name}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => domain.isActive()),
  undo: async (connection, { uuid }) => {
    using domain = connection.domainByUuid(uuid)
    await domain.destroy()
  },
}
