import { BayError, type ErrorCode } from '../errors.js'

/** What libvirt says of a failure: https://libvirt.org/html/libvirt-virterror.html */
export interface LibvirtFailure {
  /** virErrorNumber */
  code: number
  /** virErrorDomain: the part of libvirt that raised it */
  domain: number
  message: string
  /** the extra texts and numbers of virError, for hints; libvirt's pieces of the message */
  detail: string | null
  /** int1 of virError: the errno of a system error */
  number?: number
}

/** virErrorNumber values that the program tells apart. */
export const failure = {
  noSupport: 3,
  noConnect: 5,
  invalidConnection: 6,
  invalidArgument: 8,
  operationFailed: 9,
  xmlError: 27,
  operationDenied: 29,
  systemError: 38,
  rpc: 39,
  noDomain: 42,
  noNetwork: 43,
  authFailed: 45,
  noPool: 49,
  noVolume: 50,
  noNodeDevice: 53,
  operationInvalid: 55,
  noFilter: 62,
  noSecret: 66,
  noSnapshot: 72,
  argumentUnsupported: 74,
  noMetadata: 80,
  agentUnresponsive: 86,
  resourceBusy: 87,
  noFilterBinding: 101,
  noCheckpoint: 103,
  noBackup: 104,
  checkpointInconsistent: 109,
} as const

/** libvirt refused a call. */
export class VirtError extends BayError {
  readonly call: string
  readonly libvirt: { code: number, domain: number }
  /** what the host's system said, whatever its language: an errno such as os.constants.errno.EEXIST; null when it was not asked */
  readonly errno: number | null

  constructor(call: string, from: LibvirtFailure) {
    super(kindOf(from), sentence(from.message), { hints: hintsFor(from), retryable: isRetryable(from) })
    this.call = call
    this.libvirt = { code: from.code, domain: from.domain }
    this.errno = from.code === failure.systemError ? from.number ?? null : null
  }

  is(...codes: number[]): boolean {
    return codes.includes(this.libvirt.code)
  }

  /** The same failure, in words that name the thing better than libvirt's; all the rest stays. */
  restated(message: string, hints: readonly string[] = this.hints): VirtError {
    return Object.assign(new VirtError(this.call, { ...this.libvirt, message, detail: null }), {
      code: this.code, hints, retryable: this.retryable, errno: this.errno, cause: this,
    })
  }
}

const kinds = new Map<number, ErrorCode>([
  [4, 'cannot-connect'], [failure.noConnect, 'cannot-connect'], [failure.invalidConnection, 'cannot-connect'],
  [failure.rpc, 'cannot-connect'], [85, 'cannot-connect'], [98, 'cannot-connect'], [40, 'cannot-connect'], [95, 'cannot-connect'],
  [failure.operationDenied, 'not-allowed'], [failure.authFailed, 'not-allowed'], [88, 'not-allowed'],
  [79, 'not-allowed'], [94, 'not-allowed'],
  [failure.noDomain, 'not-found'], [failure.noNetwork, 'not-found'], [failure.noPool, 'not-found'],
  [failure.noVolume, 'not-found'], [failure.noNodeDevice, 'not-found'], [failure.noFilter, 'not-found'],
  [failure.noSnapshot, 'not-found'], [failure.noCheckpoint, 'not-found'], [failure.noBackup, 'not-found'], [failure.noFilterBinding, 'not-found'], [57, 'not-found'], [failure.noSecret, 'not-found'],
  [28, 'exists'], [37, 'exists'], [90, 'exists'], [76, 'exists'],
  [failure.operationInvalid, 'wrong-state'], [failure.resourceBusy, 'busy'], [68, 'timeout'],
  [failure.xmlError, 'usage'], [35, 'usage'], [92, 'usage'], [44, 'usage'],
])

const remoteDomain = 13
const rpcDomain = 7

function kindOf({ code, domain, message }: LibvirtFailure): ErrorCode {
  const known = kinds.get(code)
  if (code === failure.operationFailed && /already (exists|defined)|already in use|Storage source conflict/.test(message)) return 'exists'
  // A daemon that dies in the middle of a call comes as "internal" or "system" error of the RPC layer.
  if (known === undefined && (domain === rpcDomain || domain === remoteDomain)) {
    return /permission denied/i.test(message) ? 'not-allowed' : 'cannot-connect'
  }
  return known ?? 'failed'
}

function isRetryable(from: LibvirtFailure): boolean {
  return ['cannot-connect', 'busy', 'timeout'].includes(kindOf(from)) || /asynchronous jobs running/.test(from.message)
}

function hintsFor(from: LibvirtFailure): string[] {
  switch (kindOf(from)) {
    case 'cannot-connect':
      return ['is libvirtd (or virtqemud) running on that host? systemctl status libvirtd', 'choose another host with -c URI; see bay host check']
    case 'not-allowed':
      return ['run it as root, or join the group libvirt: usermod -aG libvirt "$USER" and log in again']
    default:
      return endedByKvm.test(from.message) ? ['KVM may not work on that host: bay host check', 'a machine made with --virt qemu does without it'] : []
  }
}

/** QEMU dies of it at its start, and says so in its own words. */
const endedByKvm = /(closed the monitor|exited while connecting to monitor).*\bkvm/is

/** libvirt's messages begin in lower case and with the words of its code; people read the rest. */
function sentence(message: string): string {
  if (/client socket is closed|End of file while reading|cannot (recv|write|send) data/i.test(message)) {
    return `the connection to the host was lost: ${message}`
  }
  if (/closed due to keepalive timeout/.test(message)) return 'the host stopped answering, and the connection was given up'
  return message.replace(/^(internal error: |Requested operation is not valid: |operation failed: |unsupported configuration: )/, '').trim()
}
