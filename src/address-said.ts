import type { KnownAddress } from './virt/ops/vm-addresses.js'

/** An address as people read it, with where it is known from and whether the present run has it. */
export function shownAddress({ address, prefix, source, state }: KnownAddress): string {
  return `${address}/${prefix} (${state === 'current' ? source : `${state} ${source}`})`
}
