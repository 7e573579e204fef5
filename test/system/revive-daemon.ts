import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabHost } from '../lab/host.js'

/** Brings a daemon that was killed back, and cures it of a guest of that name that it began to start. */
export async function reviveDaemon(host: LabHost, guest: string): Promise<void> {
  await host.restartDaemon()
  const notes = [`${guest}.xml`, `${guest}.xml.new`, `${guest}.pid`].map((file) => join(host.dir, 'run/qemu', file))
  if (!isWedged(notes[0] ?? '')) return
  host.kill('SIGKILL')
  for (const file of notes) await rm(file, { force: true })
  await host.restartDaemon()
}

/**
 * libvirt 9.0 that is killed in the few milliseconds before a guest's QEMU runs has that guest "starting up" for ever,
 * with no process and its lock held: neither destroy nor another restart helps, only to remove its notes while it is down.
 */
function isWedged(notes: string): boolean {
  return existsSync(notes) && readFileSync(notes, 'utf8').includes("reason='starting up' pid='0'")
}
