import { expect } from 'chai'
import { consoleLines } from '../../../src/virt/ops/console-lines.js'
import { parseConditions } from '../../../src/virt/ops/wait-condition.js'
import { findingsOf, type DiskFacts, type NicFacts, type VmFacts } from '../../../src/virt/ops/wait-findings.js'

const nic: NicFacts = { mac: '52:54:00:00:00:01', type: 'network', source: 'lan', network: { active: true, dhcp: true }, lease: 'none', sent: 0 }
const disk: DiskFacts = { target: 'vda', error: 'no-space', path: '/p/a.qcow2', pool: { name: 'fast', available: 4096 } }
const refused = new Map([['10.0.0.2', 'ECONNREFUSED'], ['10.0.0.3', 'EWHATEVER']])

const facts = (missing: string, more: Partial<VmFacts> = {}): VmFacts => ({
  name: 'web', state: 'running', reason: 'booted', missing: parseConditions(missing.split(','), '--for'), nics: [nic],
  agent: { present: true, connected: false }, disks: [], ports: [], cloudInit: null, console: [], unknown: [], ...more,
})

describe('what is found of a wait in vain', () => {
  const cases: [what: string, facts: VmFacts, codes: string[], says: RegExp][] = [
    ['no lease, nothing sent', facts('ip'), ['no-dhcp-request'], /it has sent nothing at all$/],
    ['no lease, something sent', facts('ip', { nics: [{ ...nic, sent: 900 }] }), ['no-dhcp-request'], /though it has sent 900 bytes$/],
    ['no lease, no counters', facts('ip', { nics: [{ ...nic, sent: null }] }), ['no-dhcp-request'], /came from it$/],
    ['an old lease', facts('ip', { nics: [{ ...nic, lease: 'old' }] }), ['old-lease'], /an earlier run/],
    ['no DHCP', facts('ip', { nics: [{ ...nic, network: { active: true, dhcp: false } }] }), ['no-dhcp'], /lan has no DHCP/],
    ['a network that is off', facts('ip', { nics: [{ ...nic, network: { active: false, dhcp: true } }] }), ['network-off'], /lan is not active/],
    ['a bridge', facts('ip', { nics: [{ ...nic, type: 'bridge', source: 'br0', network: null }] }), ['no-address-seen'], /on bridge br0/],
    ['user networking', facts('ip', { nics: [{ ...nic, type: 'user', source: null, network: null }] }), ['address-hidden'], /QEMU's own NAT/],
    ['two interfaces, one with its lease', facts('agent,ip', { nics: [{ ...nic, lease: 'current' }, nic] }), ['no-dhcp-request', 'no-agent'], /./],
    ['a lease and no agent', facts('agent', { nics: [{ ...nic, lease: 'current' }] }), ['no-agent'], /^it has an address, but no agent/],
    ['neither', facts('agent'), ['no-agent'], /^no agent has connected/],
    ['an agent, and cloud-init at work', facts('cloud-init', { agent: { present: true, connected: true }, cloudInit: 'status: running' }), ['cloud-init'], /status: running/],
    ['cloud-init without an agent', facts('cloud-init'), ['no-agent'], /no agent has connected/],
    ['no channel', facts('agent', { agent: { present: false, connected: null } }), ['no-agent-channel'], /no channel/],
    ['a port nobody listens on', facts('port:22', { nics: [{ ...nic, lease: 'current' }], ports: [{ port: 22, failures: refused }] }),
      ['port-closed', 'port-closed'], /port 22 of 10\.0\.0\.2: the guest refuses/],
    ['a port without an address', facts('port:22'), ['no-dhcp-request'], /./],
    ['a full pool', facts('ip', { state: 'paused', reason: 'io-error', disks: [disk] }), ['pool-full', 'no-dhcp-request'], /^the pool fast is full, 4K free: /],
    ['a full file system', facts('agent', { state: 'paused', reason: 'io-error', disks: [{ ...disk, pool: null }] }), ['pool-full', 'no-agent'],
      /^the file system of \/p\/a\.qcow2 is full: /],
    ['a disk that fails', facts('running', { state: 'paused', reason: 'io-error', disks: [{ ...disk, error: 'unspecified' }] }), ['io-error'], /vda has failed/],
    ['paused, and no disk says why', facts('running', { state: 'paused', reason: 'io-error' }), ['io-error'], /since a disk failed/],
    ['paused by somebody', facts('running', { state: 'paused', reason: 'user' }), ['paused'], /paused \(user\)/],
    ['crashed', facts('ip', { state: 'crashed', reason: 'panicked', nics: [] }), ['crashed'], /crashed \(panicked\)/],
    ['asleep', facts('running', { state: 'suspended', reason: 'unknown' }), ['suspended'], /sleeps/],
    ['a panic on the console', facts('off', { console: ['ok', ' [1.0] Kernel panic - not syncing: x '] }), ['guest-panic'], /: \[1\.0\] Kernel panic - not syncing: x$/],
    ['nothing', facts('off'), [], /^$/],
    ['what is not known', facts('off', { unknown: ['its state could not be found out: no'] }), ['unknown'], /could not be found out/],
  ]
  for (const [what, known, codes, says] of cases) {
    it(what, () => {
      const found = findingsOf(known)
      expect(found.map(({ code }) => code)).to.deep.equal(codes)
      expect(found[0]?.message ?? '').to.match(says)
      for (const { hint } of found) expect(hint).to.not.equal('')
    })
  }
})

describe('the last lines of a console', () => {
  const lines = (text: string) => consoleLines(Buffer.from(text))

  it('are without colours, cursor, titles and what was written over', () => {
    expect(lines('\x1b[0;32m  OK  \x1b[0m started\r\n\x1b]0;title\x07$ \x1b[6n\nloading 1%\rloading 99%\r\n\n \n\x1b(Bend'))
      .to.deep.equal(['  OK   started', '$ ', 'loading 99%', 'end'])
  })

  it('keep other control characters, for whoever shows them to escape', () => {
    expect(lines('a\x00b\x07c\x9b31m\x1b')).to.deep.equal(['a\x00b\x07c\x9b31m\x1b'])
  })

  it('are at most 20, of 500 characters each and 4096 bytes in all, the newest', () => {
    expect(lines(Array.from({ length: 50 }, (_, at) => `line ${at}`).join('\n'))).to.have.length(20).and.include('line 49').and.not.include('line 29')
    const long = lines(Array.from({ length: 20 }, (_, at) => `${at} ${'x'.repeat(600)}`).join('\n'))
    expect(long).to.have.length(8)
    expect(long.at(-1)).to.have.length(500).and.match(/^19 /)
    expect(Buffer.byteLength(lines('é'.repeat(10_000))[0] ?? '')).to.equal(1000)
    expect(lines('')).to.deep.equal([])
  })

  it('survive bytes that are no text', () => {
    expect(consoleLines(Buffer.from([0xff, 0xfe, 0x0a, 0x41]))).to.deep.equal(['\ufffd\ufffd', 'A'])
  })
})
