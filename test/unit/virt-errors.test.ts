import { expect } from 'chai'
import { constants } from 'node:os'
import { BayError, exitCodes, merged, UsageError, type ErrorCode } from '../../src/errors.js'
import { failure, VirtError, type LibvirtFailure } from '../../src/virt/errors.js'

const from = (code: number, message = 'it did not work', more: Partial<LibvirtFailure> = {}): VirtError =>
  new VirtError('virCall', { code, domain: 12, message, detail: null, ...more })

describe('the kind of a failure of libvirt', () => {
  const kinds: [ErrorCode, number[]][] = [
    ['not-found', [42, 43, 49, 50, 53, 57, 62, 66, 72, 101]],
    ['cannot-connect', [4, 5, 6, 39, 40, 85, 95, 98]],
    ['not-allowed', [29, 45, 79, 88, 94]],
    ['exists', [28, 37, 76, 90]],
    ['wrong-state', [55]],
    ['busy', [87]],
    ['timeout', [68]],
    ['usage', [27, 35, 44, 92]],
    ['failed', [0, 1, 2, 3, 8, 9, 38, 67, 74, 80, 86, 107, 999, -1]],
  ]
  for (const [kind, codes] of kinds) {
    it(`${codes.join(', ')}: ${kind}, exit code ${exitCodes[kind]}`, () => {
      for (const code of codes) expect(from(code), `${code}`).to.include({ code: kind, exitCode: exitCodes[kind] })
    })
  }

  it('a failed operation may mean that it exists already', () => {
    for (const message of [
      'storage vol already exists', 'operation failed: domain \'x\' already exists with uuid 1', 'pool is already defined',
      'bridge name \'br0\' already in use.',
    ]) {
      expect(from(failure.operationFailed, message), message).to.include({ code: 'exists', exitCode: 5 })
    }
    expect(from(failure.operationFailed, 'no space left')).to.include({ code: 'failed' })
    expect(from(1, 'already exists')).to.include({ code: 'failed' })
  })

  it('what the remote layers say without a known code is a lost connection, or a missing right', () => {
    for (const domain of [7, 13]) {
      for (const code of [1, 38]) {
        expect(from(code, 'End of file while reading data', { domain })).to.include({ code: 'cannot-connect', exitCode: 6, retryable: true })
        expect(from(code, 'Failed to connect socket to \'/x\': Permission denied', { domain })).to.include({ code: 'not-allowed', retryable: false })
      }
    }
    expect(from(1, 'End of file', { domain: 10 })).to.include({ code: 'failed' })
    expect(from(failure.noDomain, 'Domain not found', { domain: 7 })).to.include({ code: 'not-found' })
  })
})

describe('a failure of libvirt', () => {
  it('keeps libvirt\'s code, domain and call, and is read without the words of its code', () => {
    const error = from(failure.operationInvalid, 'Requested operation is not valid: domain is not running')
    expect(error).to.be.instanceOf(BayError).and.deep.include({
      name: 'VirtError', message: 'domain is not running', call: 'virCall', libvirt: { code: 55, domain: 12 }, errno: null,
    })
    for (const prefix of ['internal error: ', 'operation failed: ', 'unsupported configuration: ']) {
      expect(from(1, `${prefix}no bus`).message).to.equal('no bus')
    }
    expect(from(1, 'about an internal error: x').message).to.equal('about an internal error: x')
  })

  it('may succeed later when the host was away, busy or slow, and for no other reason', () => {
    for (const code of [failure.noConnect, failure.rpc, failure.resourceBusy, 68]) expect(from(code).retryable).to.equal(true)
    expect(from(1, 'pool \'default\' has asynchronous jobs running.').retryable).to.equal(true)
    for (const code of [failure.noDomain, failure.operationDenied, failure.xmlError]) expect(from(code).retryable).to.equal(false)
  })

  it('says what to do where that is known', () => {
    expect(from(failure.noConnect).hints.join('\n')).to.include('systemctl status libvirtd').and.include('-c URI')
    expect(from(failure.authFailed).hints.join('\n')).to.include('usermod -aG libvirt')
    expect(from(failure.noDomain).hints).to.deep.equal([])
    const kvm = 'internal error: qemu unexpectedly closed the monitor: qemu-system-x86_64: ../../target/i386/kvm/kvm.c:3183: Assertion'
    expect(from(1, kvm).hints.join()).to.include('--virt qemu')
  })

  it('has the errno of a system error, and of nothing else', () => {
    expect(from(failure.systemError, 'mkdir', { number: constants.errno.EEXIST }).errno).to.equal(constants.errno.EEXIST)
    expect(from(failure.systemError).errno).to.equal(null)
    expect(from(1, 'x', { number: 17 }).errno).to.equal(null)
  })

  it('restated has other words and hints, and the same code, exit code and cause', () => {
    const error = from(failure.noDomain, 'Domain not found')
    const better = error.restated('there is no machine named web', ['bay vm list'])
    expect(better).to.be.instanceOf(VirtError).and.deep.include({
      message: 'there is no machine named web', hints: ['bay vm list'], code: 'not-found', exitCode: 4, call: 'virCall', cause: error,
      libvirt: { code: 42, domain: 12 },
    })
    expect(from(failure.noConnect).restated('away').hints).to.deep.equal(from(failure.noConnect).hints)
  })

  it('restated stays of its kind when that came from libvirt\'s words', () => {
    const lost = from(38, 'End of file while reading data', { domain: 7, number: 32 })
    expect(lost.restated('the host is gone')).to.include({ code: 'cannot-connect', exitCode: 6, retryable: true, errno: 32 })
    expect(from(failure.operationFailed, 'storage vol already exists').restated('there is one')).to.include({ code: 'exists' })
    expect(from(1, 'pool has asynchronous jobs running').restated('busy')).to.include({ retryable: true })
  })
})

describe('exit codes', () => {
  it('are those of the contract', () => {
    expect(exitCodes).to.deep.equal({
      'failed': 1, 'usage': 2, 'differences': 3, 'not-found': 4, 'exists': 5, 'wrong-state': 5, 'cannot-connect': 6, 'not-allowed': 6,
      'some-failed': 7, 'left-behind': 9, 'busy': 75, 'timeout': 124, 'interrupted': 130, 'terminated': 143,
    })
    for (const code of Object.keys(exitCodes) as ErrorCode[]) expect(new BayError(code, 'x').exitCode).to.equal(exitCodes[code])
    expect(new UsageError('x', 'a', 'b')).to.deep.include({ code: 'usage', exitCode: 2, hints: ['a', 'b'], retryable: false })
  })

  it('75 and 124 say that it may be tried again', () => {
    expect(Object.keys(exitCodes).filter((code) => new BayError(code as ErrorCode, 'x').retryable)).to.deep.equal(['busy', 'timeout'])
    expect(new BayError('failed', 'x', { retryable: true }).retryable).to.equal(true)
    expect(new BayError('busy', 'x', { retryable: false }).retryable).to.equal(false)
  })
})

describe('two errors at once', () => {
  it('are what went wrong first, unless the undoing left something behind', () => {
    const first = new BayError('exists', 'the first')
    expect(merged(suppressed(new TypeError('in undo'), first))).to.equal(first)
    const both = merged(suppressed(new BayError('left-behind', 'left behind: a disk', { hints: ['bay vol delete a'] }), first))
    expect(both).to.be.instanceOf(BayError).and.deep.include({
      code: 'left-behind', exitCode: 9, message: 'the first; left behind: a disk', hints: ['bay vol delete a'], cause: first,
    })
  })

  it('may hold two again', () => {
    const inner = suppressed(new BayError('left-behind', 'left: b'), new Error('the first'))
    expect(merged(suppressed(new BayError('left-behind', 'left: a'), inner))).to.include({ message: 'the first; left: b; left: a' })
  })

  it('anything else is itself', () => {
    for (const error of [new Error('x'), null, undefined, 'x', Object.assign(new Error('x'), { name: 'SuppressedError' })]) {
      expect(merged(error)).to.equal(error)
    }
  })
})

/** As `using` makes it, and what Node 24 has built in. */
function suppressed(error: unknown, first: unknown): Error {
  return Object.assign(new Error('An error was suppressed during disposal'), { name: 'SuppressedError', error, suppressed: first })
}
