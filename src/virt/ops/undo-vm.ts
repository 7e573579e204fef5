import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import { domainXml } from '../flags.js'
import { askMade } from './ask-made.js'
import { digest } from './history.js'
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

/** What a machine had, as `on` or `off`, and the digest of the definition that the run was about to replace. */
export interface AutostartBefore extends Made { before: string, stored: string }

/** Another autostart beside the old definition, which was to change with it: once that is another one, all has come about. */
export const changedAutostart: Undoing<AutostartBefore> = {
  fields: ['uuid', 'name', 'before', 'stored'],
  leaves: ({ name }) => `the new autostart of ${name}`,
  removeBy: ({ name, before }) => sh`bay vm set ${name} autostart=${before}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => domain.isPersistent()
    && onOrOff(domain) !== made.before && digest(domain.xml(domainXml.inactive)) === made.stored),
  undo: (connection, { uuid, before }) => {
    using domain = connection.domainByUuid(uuid)
    domain.setAutostart(before === 'on')
  },
}

export function autostartBefore(domain: Domain): AutostartBefore {
  return { uuid: domain.uuid(), name: domain.name(), before: onOrOff(domain), stored: digest(domain.xml(domainXml.inactive)) }
}

function onOrOff(domain: Domain): 'on' | 'off' {
  return domain.autostart() ? 'on' : 'off'
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
