import { setTimeout as pause } from 'node:timers/promises'
import { installDocument } from '../../xml/install-mark.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { domainXml } from '../flags.js'
import { readInstall } from './install-state.js'
import { markRun } from './run-mark.js'

/**
 * Starts a machine with its installer's kernel and discs. They are no part of its definition, which stays as it is: a host
 * that loses its power in between, or somebody who starts the machine with another tool, installs nothing.
 */
export async function startInstaller(connection: Connection, domain: Domain): Promise<void> {
  const mark = readInstall(domain)
  if (mark === null) throw new TypeError('a machine without an installer is installed')
  using started = await connection.startAs(installDocument(domain.xml(domainXml.inactive | domainXml.secure), mark))
  markRun(started, { leaseBefore: 0 })
}

/** Linux' KEY_SPACE; a firmware has other plans for Enter and Escape. */
const space = 57
const betweenKeys = 1000
const keys = 30

/**
 * "Press any key to boot from CD or DVD" is asked for five seconds, and nobody can tell when: a key a second until it must
 * have been. The installer, which has its answers, takes no notice.
 */
export async function pressAnyKey(domain: Domain, signal?: AbortSignal): Promise<void> {
  for (let pressed = 0; pressed < keys; pressed += 1) {
    try {
      domain.sendKeys([space], 50)
    } catch (error) {
      // That it is off by now is told by whoever waits for it.
      if (!(error instanceof VirtError) || error.code === 'cannot-connect') throw error
    }
    await pause(betweenKeys, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}
