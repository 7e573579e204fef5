import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { flagsOf, needsOn, parseConditions } from '../../../src/virt/ops/wait-condition.js'
import { conditionsOfNew } from '../../../src/virt/ops/wait-new-vm.js'
import { thrown } from '../thrown.js'

describe('what can be waited for', () => {
  it('is a word or port:N, each once, in the order in which they were said', () => {
    expect(parseConditions(['ip', 'port:22', 'agent', 'ip', 'port:65535'], '--for')).to.deep.equal([
      { kind: 'ip', text: 'ip' }, { kind: 'port', port: 22, text: 'port:22' }, { kind: 'agent', text: 'agent' },
      { kind: 'port', port: 65_535, text: 'port:65535' },
    ])
    expect(parseConditions(['running', 'ip'], '--for')).to.have.length(2)
    expect(parseConditions([], '--for')).to.deep.equal([])
  })

  for (const text of ['', 'IP', 'sleeping', 'ip,agent', 'none', 'ports:22']) {
    it(`is not "${text}"`, async () => {
      const error = await thrown(() => parseConditions([text], '--for'))
      expect(error).to.be.instanceOf(UsageError).with.property('message').that.includes(`--for "${text}"`)
      expect(error).to.have.property('hints').with.length(1)
    })
  }

  for (const text of ['port', 'port:', 'port:0', 'port:65536', 'port:022', 'port:-1', 'port:2e3', 'port:22x', 'port:١']) {
    it(`is no port: "${text}"`, async () => {
      expect(await thrown(() => parseConditions([text], '--wait'))).to.be.instanceOf(UsageError).with.property('hints').that.deep.equals(['--wait port:22'])
    })
  }

  it('cannot be off, or paused, and something else', async () => {
    for (const texts of [['off', 'ip'], ['running', 'off'], ['port:22', 'paused'], ['off', 'paused']]) {
      expect(await thrown(() => parseConditions(texts, '--for')), texts.join()).to.be.instanceOf(UsageError)
    }
    expect(parseConditions(['off', 'off'], '--for')).to.have.length(1)
  })

  it('needs the machine on, or is its state', () => {
    const needing = parseConditions(['running', 'ip', 'agent', 'port:1'], '--for').filter(needsOn)
    expect(flagsOf(needing)).to.deep.equal(['--for', 'ip', '--for', 'agent', '--for', 'port:1'])
    expect([...parseConditions(['off'], '--for'), ...parseConditions(['paused'], '--for')].filter(needsOn)).to.be.empty
  })
})

describe('what a new machine is waited for', () => {
  const nic = { kind: 'network' as const, source: 'default' }

  it('is nothing more once it runs, when that is all, or when it is not started', () => {
    expect(conditionsOfNew(['running'], { nics: [nic], start: true })).to.deep.equal([])
    expect(conditionsOfNew(['none'], { nics: [nic], start: true })).to.deep.equal([])
    expect(conditionsOfNew(['ip'], { nics: [nic], start: false })).to.deep.equal([])
    expect(conditionsOfNew(['running', 'ip'], { nics: [nic], start: true })).to.have.length(2)
    expect(conditionsOfNew(['off'], { nics: [], start: true })).to.have.length(1)
  })

  it('is refused before anything is made when it could never be', async () => {
    for (const [texts, nics] of [[['none', 'ip'], [nic]], [['ip'], []], [['port:22'], []], [['soon'], [nic]]] as const) {
      expect(await thrown(() => conditionsOfNew(texts, { nics, start: true })), texts.join()).to.be.instanceOf(UsageError)
    }
  })
})
