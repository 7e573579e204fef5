import { setTimeout as sleep } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import type { Domain } from '../domain.js'

/** More than a picture of any display has. */
const most = 128 * 2 ** 20

export interface Screenshot {
  /** PNG when QEMU gives that, else PPM */
  type: 'png' | 'ppm'
  bytes: Buffer
}

/**
 * A picture of one of a machine's displays, the first is 0.
 * @throws VirtError when it has no such display; BayError `timeout` when it does not come by `deadline` (Date.now())
 */
export async function takeScreenshot(
  domain: Domain, { deadline, display = 0 }: { deadline: number, display?: number },
): Promise<Screenshot> {
  const { type, stream } = await domain.screenshot(display)
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
  return { type: type === 'image/png' ? 'png' : 'ppm', bytes: Buffer.concat(pieces) }
}
