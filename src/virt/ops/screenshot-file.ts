import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Domain } from '../domain.js'
import { takeScreenshot } from './screenshot.js'
import { madeStateFolder } from './state-folder.js'

/**
 * A picture of a machine's first display, in a file of this user's own: PNG when QEMU gives that, else PPM.
 * @throws VirtError when it has no display; BayError `timeout` when the picture does not come by `deadline` (Date.now())
 */
export async function screenshotFile(domain: Domain, deadline: number): Promise<string> {
  const { type, bytes } = await takeScreenshot(domain, { deadline })
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const path = join(madeStateFolder('screenshots'), `${domain.uuid()}-${stamp}-${randomBytes(2).toString('hex')}.${type}`)
  writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' })
  return path
}
