/**
 * libvirt's events, as data: what C hands over after the connection and the object, and what that means.
 * https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainEventID
 */

/** A value: `state` and `reason` are an event's main words, all others are its details. */
export interface EventField {
  key: string
  type: 'int' | 'uint' | 'long' | 'text' | 'skip'
  /** what the numbers mean; of `reason` for each state where a list a state is needed */
  words?: readonly string[] | Readonly<Record<string, readonly string[]>>
  /** what a number is multiplied with, to be bytes */
  unit?: number
}

export interface EventKind {
  kind: 'vm' | 'net' | 'pool'
  /** libvirt's number */
  id: number
  event: string
  fields: readonly EventField[]
}

const lifecycle = ['defined', 'undefined', 'started', 'suspended', 'resumed', 'stopped', 'shutdown', 'pmsuspended', 'crashed'] as const

/** virDomainEvent…DetailType */
const lifecycleReasons: Record<typeof lifecycle[number], readonly string[]> = {
  defined: ['added', 'updated', 'renamed', 'from-snapshot'],
  undefined: ['removed', 'renamed'],
  started: ['booted', 'migrated', 'restored', 'from-snapshot', 'wakeup'],
  suspended: ['paused', 'migrated', 'io-error', 'watchdog', 'restored', 'from-snapshot', 'api-error', 'postcopy', 'postcopy-failed'],
  resumed: ['unpaused', 'migrated', 'from-snapshot', 'postcopy', 'postcopy-failed'],
  stopped: ['shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from-snapshot'],
  shutdown: ['finished', 'guest', 'host'],
  pmsuspended: ['memory', 'disk'],
  crashed: ['panicked', 'crashloaded'],
}

const state = (words: readonly string[]): EventField => ({ key: 'state', type: 'int', words })
const text = (key: string): EventField => ({ key, type: 'text' })
const number = (key: string, type: 'int' | 'uint' | 'long' = 'int'): EventField => ({ key, type })
const skip: EventField = { key: '', type: 'skip' }
const device = text('device')

const ofMachines: readonly Omit<EventKind, 'kind'>[] = [
  { id: 0, event: 'lifecycle', fields: [state(lifecycle), { key: 'reason', type: 'int', words: lifecycleReasons }] },
  { id: 1, event: 'reboot', fields: [] },
  { id: 2, event: 'rtc-change', fields: [number('offset', 'long')] },
  { id: 3, event: 'watchdog', fields: [state(['none', 'pause', 'reset', 'poweroff', 'shutdown', 'debug', 'inject-nmi'])] },
  { id: 5, event: 'graphics', fields: [state(['connect', 'initialize', 'disconnect']), skip, skip, text('scheme'), skip] },
  { id: 6, event: 'io-error', fields: [text('path'), device, state(['none', 'pause', 'report']), text('reason')] },
  { id: 7, event: 'control-error', fields: [] },
  { id: 9, event: 'disk-change', fields: [text('oldPath'), text('path'), device, state(['missing-on-start', 'dropped'])] },
  { id: 10, event: 'tray-change', fields: [device, state(['open', 'close'])] },
  { id: 11, event: 'wakeup', fields: [number('code')] },
  { id: 12, event: 'suspend', fields: [number('code')] },
  { id: 13, event: 'balloon-change', fields: [{ key: 'memory', type: 'long', unit: 1024 }] },
  { id: 14, event: 'suspend-disk', fields: [number('code')] },
  { id: 15, event: 'device-removed', fields: [device] },
  {
    id: 16, event: 'block-job', fields: [
      device, { key: 'reason', type: 'int', words: ['unknown', 'pull', 'copy', 'commit', 'active-commit', 'backup'] },
      state(['completed', 'failed', 'canceled', 'ready']),
    ],
  },
  { id: 18, event: 'agent', fields: [
    state(['unknown', 'connected', 'disconnected']), { key: 'reason', type: 'int', words: ['unknown', 'domain-started', 'channel'] },
  ] },
  { id: 19, event: 'device-added', fields: [device] },
  { id: 22, event: 'device-removal-failed', fields: [device] },
  { id: 23, event: 'metadata-change', fields: [state(['description', 'title', 'element']), text('namespace')] },
  { id: 24, event: 'block-threshold', fields: [device, text('path'), number('threshold', 'long'), number('excess', 'long')] },
  { id: 25, event: 'memory-failure', fields: [
    { key: 'reason', type: 'int', words: ['hypervisor', 'guest'] }, state(['ignore', 'inject', 'fatal', 'reset']), number('flags', 'uint'),
  ] },
]

export const eventKinds: readonly EventKind[] = [
  ...ofMachines.map((each): EventKind => ({ kind: 'vm', ...each })),
  { kind: 'net', id: 0, event: 'lifecycle', fields: [state(['defined', 'undefined', 'started', 'stopped']), skipNumber()] },
  { kind: 'pool', id: 0, event: 'lifecycle', fields: [state(['defined', 'undefined', 'started', 'stopped', 'created', 'deleted']), skipNumber()] },
  { kind: 'pool', id: 1, event: 'refresh', fields: [] },
]

/** A number that has no meaning yet. */
function skipNumber(): EventField {
  return { key: '', type: 'int' }
}
