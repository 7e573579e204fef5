import { join } from 'node:path'
import { lab } from './script.js'

export interface DirectBoot {
  kernel: string
  initrd: string
  cmdline: string
}

const built: Partial<Record<Variant, Promise<string>>> = {}

/** `agent` has a real qemu-guest-agent in it. */
type Variant = 'plain' | 'agent'

/** The tiny guest (see guest.sh): built at the first call, and then kept in the user's cache. */
export async function tinyGuest(variant: Variant = 'plain'): Promise<DirectBoot> {
  built[variant] ??= lab('guest.sh', variant === 'plain' ? [] : [variant], { timeout: 300_000 })
  const folder = await built[variant]
  return { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd.gz'), cmdline: 'console=ttyS0 quiet' }
}
