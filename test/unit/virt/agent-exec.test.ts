import { expect } from 'chai'
import { BayError } from '../../../src/errors.js'
import { processId, readEnd } from '../../../src/virt/ops/agent-exec.js'
import { answerOf } from '../../../src/virt/ops/agent.js'

const failed = (work: () => unknown, part: RegExp) => expect(work).to.throw(BayError, part).with.property('code', 'failed')

describe('what a guest agent says of a process', () => {
  it('is a number when it began', () => {
    expect(processId({ pid: 118 })).to.equal(118)
    for (const answer of [null, undefined, {}, [], 'x', 5, { pid: '5' }, { pid: 1.5 }, { pid: -1 }, { pid: Number.NaN }, { pid: 2 ** 60 }, { pid: null }]) {
      failed(() => processId(answer), /a process without a number/)
    }
  })

  it('is nothing while it runs', () => expect(readEnd({ exited: false })).to.equal(null))

  it('is its end: code, signal, output and what is missing of it', () => {
    expect(readEnd({ 'exited': true, 'exitcode': 3, 'out-data': 'aGkK', 'err-data': '/w==', 'err-truncated': true })).to.deep.equal({
      exitCode: 3, signal: null, stdout: Buffer.from('hi\n'), stderr: Buffer.from([255]), stdoutTruncated: false, stderrTruncated: true,
    })
    expect(readEnd({ exited: true, signal: 9 })).to.deep.include({ exitCode: null, signal: 9, stdout: Buffer.alloc(0) })
  })

  it('is refused when it is of another type', () => {
    for (const exited of [undefined, 1, 'true', null]) failed(() => readEnd({ exited }), /neither runs nor has ended/)
    for (const exitcode of ['0', 1.5, {}, true]) failed(() => readEnd({ exited: true, exitcode }), /its exitcode is no whole number/)
    for (const data of [5, {}, 'a b', 'é', '\n', 'a===']) failed(() => readEnd({ 'exited': true, 'out-data': data }), /its out-data is no base64/)
    failed(() => readEnd(Object.create({ exited: true })), /neither runs/)
  })
})

describe('an answer of a guest agent', () => {
  it('is what it returned', () => expect(answerOf('{"return":{"a":1}}')).to.deep.equal({ a: 1 }))

  for (const [what, answer] of Object.entries({
    'no JSON': 'x', 'half of one': '{"return":', 'a list': '[]', 'null': 'null', 'a number': '5', 'without a result': '{"error":{}}',
    'too long': `{"return":"${'x'.repeat(9 * 2 ** 20)}"}`,
  })) {
    it(`is refused when it is ${what}`, () => failed(() => answerOf(answer), /^the guest's agent gave no proper answer: it /))
  }
})
