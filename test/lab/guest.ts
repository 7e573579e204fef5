import { join } from 'node:path'
import { lab } from './script.js'

export interface DirectBoot {
  kernel: string
  initrd: string
  cmdline: string
}

let built: Promise<string> | undefined

/** The tiny guest (see guest.sh): built at the first call, and then kept in the user's cache. */
export async function tinyGuest(): Promise<DirectBoot> {
  built ??= lab('guest.sh', [], { timeout: 300_000 })
  const folder = await built
  return { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd.gz'), cmdline: 'console=ttyS0 quiet' }
}
