import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import type { Domain } from '../domain.js'
import { madeStateFolder } from './state-folder.js'

/** More than a picture of any display has. */
const most = 128 * 2 ** 20

/**
 * A picture of a machine's first display, in a file of this user's own: PNG when QEMU gives that, else PPM.
 * @throws VirtError when it has no display; BayError `timeout` when the picture does not come by `deadline` (Date.now())
 */
export async function screenshotFile(domain: Domain, deadline: number): Promise<string> {
  const { type, stream } = await domain.screenshot()
  using picture = stream
  const pieces: Buffer[] = []
  const piece = Buffer.alloc(256 * 1024)
  for (let total = 0; ;) {
    const length = picture.receive(piece)
    if (length === 0) break
    total += length ?? 0
    if (Date.now() > deadline || total > most) throw new BayError('timeout', 'the picture of its display did not come in time')
    if (length === null) await sleep(10)
    else pieces.push(Buffer.from(piece.subarray(0, length)))
  }
  picture.finish()
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const name = `${domain.uuid()}-${stamp}-${randomBytes(2).toString('hex')}.${type === 'image/png' ? 'png' : 'ppm'}`
  const path = join(madeStateFolder('screenshots'), name)
  writeFileSync(path, Buffer.concat(pieces), { mode: 0o600, flag: 'wx' })
  return path
}
