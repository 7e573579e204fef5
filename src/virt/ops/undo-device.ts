import { sh } from '../../shell.js'
import { BayError } from '../../errors.js'
import { removeDevice } from '../../xml/domain-edit.js'
import { described, isSameDevice } from '../../xml/machine-devices.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { child, children } from '../../xml/tree.js'
import { affect } from '../flags.js'
import { askMade } from './ask-made.js'
import { changeDefinition, storedDefinition } from './change-definition.js'
import { releaseDevice } from './release-device.js'
import type { Made, Undoing } from './undo-kind.js'

/** Devices of a machine, as `<devices>` with their XML. */
export interface MadeDevices extends Made { devices: string }

/** A drive's XML before the change of its disc, and after it. */
export interface ChangedDrive extends Made { before: string, after: string }

/** How long (ms) a guest that just got a device may take to give it back. */
const undoTimeout = 10_000

/** Devices that a run put into a definition. Where the running machine got them too and keeps them, they stay in both. */
export const storedDevices: Undoing<MadeDevices> = {
  fields: ['uuid', 'name', 'devices'],
  leaves: (made) => `${namesOf(made).join(' ')} in the definition of ${made.name}`,
  removeBy: (made) => sh`bay vm detach --next-start ${made.name} ${namesOf(made)}`,
  isThere: (connection, made) => askMade(connection, made,
    (domain) => domain.isPersistent() && devicesOf(made).some((each) => has(storedDefinition(domain), each))),
  undo: (connection, made) => {
    using domain = connection.domainByUuid(made.uuid)
    if (domain.isActive() && devicesOf(made).some((each) => has(domain.xml(), each))) {
      throw new BayError('wrong-state', `${made.name} runs with ${namesOf(made).join(' ')} still`, { hints: [sh`bay vm detach ${made.name} ${namesOf(made)}`] })
    }
    const without = (root: XmlElement) => { for (const each of devicesOf(made)) removeDevice(root, each) }
    changeDefinition(connection, domain, without, { command: 'recover', dryRun: false })
  },
}

/** A device that a run gave to a running machine. */
export const runningDevice: Undoing<MadeDevices> = {
  fields: ['uuid', 'name', 'devices'],
  leaves: (made) => `${namesOf(made).join(' ')} in the running machine ${made.name}`,
  removeBy: (made) => sh`bay vm detach ${made.name} ${namesOf(made)}`,
  isThere: (connection, made) => askMade(connection, made,
    (domain) => domain.isActive() && devicesOf(made).some((each) => has(domain.xml(), each))),
  undo: async (connection, made) => {
    using domain = connection.domainByUuid(made.uuid)
    for (const each of devicesOf(made)) await releaseDevice(connection, domain, each, { timeout: undoTimeout })
  },
}

/** A device that the guest of a running machine let go of, and that the definition has still: it comes back. */
export const releasedDevice: Undoing<MadeDevices> = {
  fields: ['uuid', 'name', 'devices'],
  leaves: (made) => `${made.name} running without ${namesOf(made).join(' ')}`,
  removeBy: ({ name }) => sh`bay vm stop ${name} && bay vm start ${name}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => domain.isActive() && domain.isPersistent()
    && devicesOf(made).some((each) => !has(domain.xml(), each) && has(storedDefinition(domain), each))),
  undo: async (connection, made) => {
    using domain = connection.domainByUuid(made.uuid)
    for (const each of devicesOf(made)) if (!has(domain.xml(), each)) await domain.attachDevice(serialize(each), affect.live)
  },
}

/** A definition that has another disc in a drive than the running machine, for the run did not come that far. */
export const changedDrive: Undoing<ChangedDrive> = {
  fields: ['uuid', 'name', 'before', 'after'],
  leaves: ({ name, after }) => `another disc in ${described(parse(after)).name} at the next start of ${name}`,
  removeBy: ({ name }) => sh`bay vm detach cdrom --next-start ${name}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => domain.isPersistent()
    && discIn(storedDefinition(domain), made) === discOf(made.after)
    && !(domain.isActive() && discIn(domain.xml(), made) === discOf(made.after))),
  undo: (connection, made) => {
    using domain = connection.domainByUuid(made.uuid)
    changeDefinition(connection, domain, (root) => {
      const [drive, before] = [find(root, parse(made.after)), parse(made.before)]
      if (drive) Object.assign(drive, { attributes: before.attributes, children: before.children })
    }, { command: 'recover', dryRun: false })
  },
}

/** The record of devices, for people named as `vm detach` knows them. */
export function madeDevices(made: Made, devices: readonly XmlElement[]): MadeDevices {
  return { ...made, devices: `<devices>${devices.map((each) => serialize(each)).join('')}</devices>` }
}

/** The devices that a record tells of. */
export function devicesOf({ devices }: Pick<MadeDevices, 'devices'>): XmlElement[] {
  return children(parse(devices))
}

function namesOf(made: MadeDevices): string[] {
  return devicesOf(made).map((each) => described(each).name)
}

function has(xml: string, device: XmlElement): boolean {
  return find(parse(xml), device) !== undefined
}

function find(root: XmlElement, device: XmlElement): XmlElement | undefined {
  return children(child(root, 'devices'), device.name).find((each) => isSameDevice(each, device))
}

function discIn(xml: string, { after }: ChangedDrive): string | null {
  const drive = find(parse(xml), parse(after))
  return drive ? described(drive).source : null
}

function discOf(drive: string): string | null {
  return described(parse(drive)).source
}
