import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Domain } from '../domain.js'
import { takeScreenshot } from './screenshot.js'
import { madeStateFolder } from './state-folder.js'

/** So many pictures are kept, the newest: a cron job that waits in vain every minute must not fill the disk. */
const most = 50

/**
 * A picture of a machine's first display, in a file of this user's own: PNG when QEMU gives that, else PPM.
 * @throws VirtError when it has no display; BayError `timeout` when the picture does not come by `deadline` (Date.now())
 */
export async function screenshotFile(domain: Domain, deadline: number): Promise<string> {
  const { type, bytes } = await takeScreenshot(domain, { deadline })
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const folder = madeStateFolder('screenshots')
  const path = join(folder, `${domain.uuid()}-${stamp}-${randomBytes(2).toString('hex')}.${type}`)
  writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' })
  forgetOld(folder)
  return path
}

/** Other runs may be faster. */
function forgetOld(folder: string): void {
  const pictures = readdirSync(folder).flatMap((name) => {
    const [, time] = /^[0-9a-f-]{36}-(.+)-[0-9a-f]{4}\.(?:png|ppm)$/.exec(name) ?? []
    return time === undefined ? [] : { name, time }
  })
  pictures.sort((a, b) => a.time < b.time ? 1 : -1)
  for (const { name } of pictures.slice(most)) rmSync(join(folder, name), { force: true })
}
