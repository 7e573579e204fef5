import { expect } from 'chai'
import fc from 'fast-check'
import { hasUnsafe } from '../../../src/output/escape.js'
import { forTerminal, guestTexts } from '../../../src/output/guest-output.js'

describe('what a guest printed', () => {
  it('keeps its lines and tabs on a terminal, and controls nothing else', () => {
    expect(forTerminal(Buffer.from('a\tb\r\nc\n\n'))).to.equal('a\tb\r\nc\n\n')
    expect(forTerminal(Buffer.from('\u001b[31mred\u0007\rover\u202e'))).to.equal('\\x1b[31mred\\x07\\rover\\u{202e}')
    expect(forTerminal(Buffer.from([0xff, 0x0a]))).to.equal('\ufffd\n')
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      expect(hasUnsafe(forTerminal(Buffer.from(bytes)).replaceAll(/\r?\n|\t/g, ''))).to.equal(false)
    }))
  })

  it('is text for programs when all of it is, else base64: nothing is lost', () => {
    expect(guestTexts({ stdout: Buffer.from('é\n'), stderr: Buffer.alloc(0) })).to.deep.equal({ stdout: 'é\n', stderr: '', encoding: 'utf8' })
    expect(guestTexts({ stdout: Buffer.from('hi'), stderr: Buffer.from([255]) })).to.deep.equal({ stdout: 'aGk=', stderr: '/w==', encoding: 'base64' })
    fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (out, err) => {
      const { stdout, stderr, encoding } = guestTexts({ stdout: Buffer.from(out), stderr: Buffer.from(err) })
      expect([Buffer.from(stdout, encoding), Buffer.from(stderr, encoding)]).to.deep.equal([Buffer.from(out), Buffer.from(err)])
    }))
  })
})
