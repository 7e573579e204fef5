import { BayError, UsageError } from '../../errors.js'
import { Findings } from '../../findings.js'
import { sh } from '../../shell.js'
import { isRootHub, isSameUsb, type UsbName } from '../../xml/usb.js'
import type { Connection } from '../connection.js'
import { refuseHostUse, type HostUseOptions } from './host-use.js'
import { machineUses, usbDevices, usesUsb } from './list-host-devices.js'

export interface UsbWanted extends HostUseOptions {
  asked: UsbName
  /** whether the machine runs and is to get it as it runs */
  live: boolean
  /** it need not be plugged in */
  optional: boolean
  /** the machine that is to have it, and may have it already */
  machine: string
}

/**
 * The USB device for a machine, as it is to be named there: by what it is, as it may be plugged in elsewhere tomorrow; one that was
 * named by its place, by both, for there the next device may be another one. Only looks.
 * @throws BayError `not-found`, `wrong-state`, `usage`; a FindingsError for several reasons
 */
export function planUsb(connection: Connection, wanted: UsbWanted): { usb: UsbName, notes: string[] } {
  const { asked, optional, machine, say, now, live } = wanted
  const text = asked.id ?? asked.place ?? ''
  const found = usbDevices(connection).filter(({ usb }) => isSameUsb(usb, asked))
  const [first, ...others] = found
  if (others.length > 0) throw isSeveral(text, found.map(({ usb }) => usb.place).sort())
  if (!first && (live || !optional || asked.id === undefined)) throw isAbsent(text, { live, named: asked.id !== undefined })
  if (first && isRootHub(first.usb)) throw new UsageError(`${text} is a hub of the host itself`)
  const findings = new Findings()
  const users = machineUses(connection).filter((use) => use.machine !== machine && usesUsb(use, first?.usb ?? asked))
  const running = users.find((user) => user.running)
  findings.look(() => { if (running) throw isUsed(text, running.machine) })
  const busy = findings.look(() => refuseHostUse(connection, found, { say, now })).found ?? []
  findings.end()
  return {
    usb: asked.place === undefined ? asked : { ...first?.usb.id !== undefined && { id: first.usb.id }, place: asked.place },
    notes: [
      ...busy,
      ...users.map((user) => `the device ${text} is also the machine ${user.machine}'s: only one of them can run at a time`),
      ...asked.place === undefined ? [] : [`the device at ${text} gets another number when it is plugged in again; ${first?.usb.id} would still mean it`],
      ...first ? [] : [`the device ${text} is not plugged in; the machine starts without it`],
    ],
  }
}

function isSeveral(text: string, places: readonly string[]): BayError {
  return new BayError('usage', `the host has ${places.length} devices ${text}`, { hints: [`name one by its place: ${places.join(', ')}`] })
}

function isAbsent(text: string, { live, named }: { live: boolean, named: boolean }): BayError {
  return new BayError('not-found', `the host has no USB device ${text}`, {
    hints: [
      'see what is plugged in: bay host devices --usb',
      ...named ? [live ? '--next-start --optional: for its next start, if it is plugged in by then' : '--optional: the machine gets it if it is plugged in by then'] : [],
    ],
  })
}

function isUsed(text: string, machine: string): BayError {
  return new BayError('wrong-state', `${text}: the machine ${machine} has it and runs`, { hints: [sh`bay vm detach ${machine} ${text}`, sh`bay vm stop ${machine}`] })
}
