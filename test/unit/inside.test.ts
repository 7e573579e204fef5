import { expect } from 'chai'
import { consoleSteps } from '../../src/console-flags.js'
import { UsageError } from '../../src/errors.js'
import { inBlocks, readPicture, toPng } from '../../src/output/picture.js'
import { PlainStream } from '../../src/output/plain-stream.js'
import { ConsoleSteps } from '../../src/virt/ops/console-steps.js'
import { readStat } from '../../src/virt/ops/guest-tools.js'
import { hasConsole, hasVideo } from '../../src/xml/domain-consoles.js'

const flag = (name: string, input: string) => ({ type: 'flag' as const, flag: name, input })

describe('a script on a console', () => {
  it('is what was typed, in its order, with the escapes of C', () => {
    expect(consoleSteps([{ type: 'arg' }, flag('send', 'a\\n\\x1d\\\\n'), flag('timeout', '1s'), flag('until', 'b.$')]))
      .to.deep.equal([{ send: Buffer.from('a\n\u001d\\n') }, { until: /b.$/m }])
    for (const [name, bad] of [['send', 'a\\q'], ['send', 'a\\'], ['until', '('], ['until', ''], ['send-file', '/none']] as const) {
      expect(() => consoleSteps([flag(name, bad)]), bad).to.throw(UsageError)
    }
  })

  it('looks for each pattern in what came after the one before, over pieces and colours', () => {
    const steps = new ConsoleSteps([{ until: /login: $/m }, { send: Buffer.from('root\n') }, { until: /# / }, { until: /# / }])
    expect(steps.take().toString()).to.equal('')
    steps.hear(Buffer.from('\u001b[1mlog'))
    expect(steps.take().toString()).to.equal('')
    steps.hear(Buffer.from('in\u001b[0m: '))
    expect(steps.take().toString()).to.equal('root\n')
    expect(steps.awaited?.source).to.equal('# ')
    steps.hear(Buffer.from('# '))
    steps.take()
    expect(steps.over).to.equal(false)
    steps.hear(Buffer.from('# '))
    steps.take()
    expect(steps.over).to.equal(true)
  })

  it('shows plainly what comes in pieces', () => {
    const plain = new PlainStream()
    const pieces = [Buffer.from('a\r'), Buffer.from('\n\u001b[2J'), Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]
    expect(pieces.map((piece) => plain.push(piece)).join('')).to.equal('a\r\n\\x1b[2Jé')
  })
})

describe('a picture of a display', () => {
  const ppm = Buffer.concat([Buffer.from('P6\n2 2\n255\n'), Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7])])

  it('is read from PPM and PNG, and written as PNG', () => {
    const { width, height, data } = readPicture(toPng(readPicture(ppm)))
    expect([width, height]).to.deep.equal([2, 2])
    expect([...data]).to.deep.equal([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 9, 8, 7, 255])
    for (const bad of [ppm.subarray(0, 15), Buffer.from('no picture'), Buffer.alloc(0)]) expect(() => readPicture(bad)).to.throw('cannot be read')
  })

  it('is two pixels a character, and no larger than the terminal', () => {
    expect(inBlocks(readPicture(ppm), { columns: 80, lines: 20 }))
      .to.equal('\u001b[38;2;255;0;0;48;2;0;0;255m▀\u001b[38;2;0;255;0;48;2;9;8;7m▀\u001b[0m\n')
    expect(inBlocks(readPicture(ppm), { columns: 1, lines: 1 })).to.equal('\u001b[38;2;66;66;66;48;2;0;0;0m▀\u001b[0m\n')
  })
})

describe('what a guest\'s stat says', () => {
  it('is read, and nothing else is taken for it', () => {
    expect(readStat('81a4 12 0:100')).to.deep.equal({ kind: 'file', mode: 0o644, size: 12, owner: '0:100' })
    expect(readStat('41ed 0 0:0').kind).to.equal('directory')
    expect(readStat('1180 0 0:0').kind).to.equal('other')
    for (const bad of ['', '81a4 x 0:0', '81a4 1 root:root', '81a4 1 0:0\nmore']) expect(() => readStat(bad)).to.throw('no proper answer')
  })
})

describe('what a machine can be looked at by', () => {
  const machine = (device: string) => `<domain><devices>${device}</devices></domain>`
  it('is a serial console, and a display that can be seen', () => {
    expect([machine('<serial type="pty"/>'), machine('<console/>'), machine('')].map(hasConsole)).to.deep.equal([true, true, false])
    expect(['<video><model type="vga"/></video>', '<video><model type="none"/></video>', ''].map((each) => hasVideo(machine(each))))
      .to.deep.equal([true, false, false])
  })
})
