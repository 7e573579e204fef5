/** Words for libvirt's numbers. A number that this version does not know comes out as `unknown(9)`, never as an error. */
export function word(words: readonly string[], value: number): string {
  return words[value] ?? `unknown(${value})`
}

/** virDomainState: https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainState */
export const domainStates = ['none', 'running', 'blocked', 'paused', 'stopping', 'off', 'crashed', 'suspended'] as const
export type DomainState = typeof domainStates[number] | `unknown(${number})`

const domainReasons: Record<string, readonly string[]> = {
  running: [
    'unknown', 'booted', 'migrated', 'restored', 'from-snapshot', 'unpaused', 'migration-canceled', 'save-canceled',
    'wakeup', 'crashed', 'postcopy', 'postcopy-failed',
  ],
  paused: [
    'unknown', 'user', 'migration', 'save', 'dump', 'io-error', 'watchdog', 'from-snapshot', 'shutting-down', 'snapshot',
    'crashed', 'starting-up', 'postcopy', 'postcopy-failed',
  ],
  stopping: ['unknown', 'user'],
  off: [
    'unknown', 'shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from-snapshot', 'daemon',
  ],
  crashed: ['unknown', 'panicked'],
}

export function domainState(value: number): DomainState {
  return word(domainStates, value) as DomainState
}

export function domainReason(state: DomainState, value: number): string {
  return word(domainReasons[state] ?? ['unknown'], value)
}

/** virStoragePoolState */
export const poolStates = ['inactive', 'building', 'running', 'degraded', 'inaccessible'] as const

/** virStorageVolType */
export const volumeTypes = ['file', 'block', 'dir', 'network', 'netdir', 'ploop'] as const

/** virIPAddrType */
export const addressFamilies = ['ipv4', 'ipv6'] as const

/** virDomainDiskErrorCode */
export const diskErrors = ['none', 'unspecified', 'no-space'] as const
