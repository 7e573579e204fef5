import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import { equalLine } from '../../src/wizard/equal-line.js'

const line = (name: string, ...words: string[]) => equalLine('vm create', { connect: undefined, name, words: new Map([['x', words]]) })

describe('the command line that a wizard prints', () => {
  it('is as short as a shell allows', () => {
    expect(line('web-1', '--disk=20G,pool=fast', '--empty', '--image=pool/a.qcow2')).to.equal('bay vm create web-1 --disk 20G,pool=fast --empty --image pool/a.qcow2')
    expect(line('web', '--cmdline=-x', '--run=it\'s $(id)', '--description=')).to.equal('bay vm create web --cmdline=-x --run \'it\'\\\'\'s $(id)\' --description \'\'')
    expect(equalLine('vm create', { connect: 'qemu+unix:///system?socket=/x', name: 'a', words: new Map() }))
      .to.equal('bay -c \'qemu+unix:///system?socket=/x\' vm create a')
  })

  it('means the same words to a shell', () => {
    const printable = fc.string({ unit: fc.constantFrom(...' !"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~é'), minLength: 1 })
    fc.assert(fc.property(fc.array(printable, { minLength: 1, maxLength: 4 }), (values) => {
      const text = line('web', ...values.map((value) => `--run=${value}`)).replace(/^bay/, 'printf "%s\\n"')
      const said = execFileSync('sh', ['-c', text], { encoding: 'utf8' }).trimEnd().split('\n').slice(3)
      const wanted = values.flatMap((value) => value.startsWith('-') ? [`--run=${value}`] : ['--run', value])
      expect(said.join('\n')).to.equal(wanted.join('\n').trimEnd())
    }), { numRuns: 30 })
  })
})
