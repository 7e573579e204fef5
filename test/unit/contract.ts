/** The command line's contract, as far as a test can hold the commands to it. */

/** Topics and verbs. A name that is not here is not to be used; not all of them exist yet. */
const topics = `
vm: list show create define start stop reboot reset suspend resume save delete rename clone autostart xml edit diff set attach detach display
  console screenshot exec push pull wait stats protect seed run migrate
snapshot: create list show revert delete
backup: create list restore verify prune
net: list show create define start stop delete autostart set leases reserve unreserve xml map check
bridge: list create delete attach detach
pool: list show create define start stop delete refresh autostart xml
vol: list show create delete resize clone upload download wipe convert path xml
filter: list show create define delete apply remove test explain diff audit xml
image: list add delete
profile: list show
host: show devices check
`

/** Commands without a topic. */
const single = 'batch top events metrics report recover gc undo history apply diff export completion'

/** What `attach` and `detach` of a machine may have behind them. */
const devices = ['disk', 'nic', 'cdrom', 'gpu', 'usb', 'pci']

/** Every command that may exist: `vm list`, `vm attach disk`, `completion`. */
export const commandNames = new Set([
  ...single.split(' '),
  ...topics.trim().replaceAll(/\n\s+/g, ' ').split('\n').flatMap((line) => {
    const [topic = '', verbs = ''] = line.split(': ')
    return verbs.split(' ').map((verb) => `${topic} ${verb}`)
  }),
  ...devices.flatMap((device) => [`vm attach ${device}`, `vm detach ${device}`]),
])

/** What only looks. Whatever else there is changes something, and has --dry-run. */
export const lookingVerbs = new Set([
  'list', 'show', 'xml', 'path', 'leases', 'map', 'check', 'console', 'screenshot', 'pull', 'wait', 'stats', 'devices', 'test', 'explain',
  'diff', 'audit', 'verify', 'download', 'top', 'events', 'metrics', 'report', 'history', 'export', 'completion',
])

/** Verbs on existing objects: they take many names and globs, --all and --parallel. */
const manyVerbs = new Set(['protect', 'prune', 'start', 'stop', 'reboot', 'reset', 'suspend', 'resume', 'save', 'delete', 'autostart', 'refresh', 'wait', 'set'])

/** A snapshot is named with its machine, and taken of many machines; a filter is put on many. */
export function takesMany(typed: string, verb: string): boolean {
  if (typed === 'filter apply' || typed === 'filter remove') return true
  return typed.startsWith('snapshot ') ? typed === 'snapshot create' : manyVerbs.has(verb)
}

/** Flags that every command has. */
export const globalNames = ['connect', 'output', 'json', 'quiet', 'yes', 'no-input', 'lock']

export const contractExitCodes = {
  'failed': 1, 'usage': 2, 'differences': 3, 'not-found': 4, 'exists': 5, 'wrong-state': 5, 'cannot-connect': 6, 'not-allowed': 6,
  'some-failed': 7, 'left-behind': 9, 'busy': 75, 'timeout': 124, 'interrupted': 130, 'terminated': 143,
}
