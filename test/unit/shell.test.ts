import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import { hasUnsafe } from '../../src/output/escape.js'
import { sh, shellWord } from '../../src/shell.js'

describe('a word for a shell', () => {
  it('is quoted only where it must be', () => {
    const cases = [
      ['web-1', 'web-1'], ['pool/a.qcow2', 'pool/a.qcow2'], ['', '\'\''], ['my vm', '\'my vm\''], ['it\'s', '\'it\'\\\'\'s\''],
      ['a\nb\x1b[31m', '$\'a\\x0ab\\x1b[31m\''], ['\u202ea\\\'', '$\'\\u202ea\\\\\\\'\''], ['\u{e0041}', '$\'\\U000e0041\''],
    ]
    for (const [text, word] of cases) expect(shellWord(text ?? '')).to.equal(word)
  })

  it('means the same to bash, and nothing to a terminal', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0')), { minLength: 1, maxLength: 4 }), (words) => {
      const line = sh`printf '%s\n' ${words}`
      expect(hasUnsafe(line.replace(/^.*\n/, ''))).to.equal(false)
      expect(execFileSync('bash', ['-c', line], { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } })).to.equal(`${words.join('\n')}\n`)
    }), { numRuns: 50 })
  })

  it('is each value of a command line', () => {
    expect(sh`bay vol show ${'default'}/${'a b'} ${3}, and ${['x', 'y z']}.`).to.equal('bay vol show default/\'a b\' 3, and x \'y z\'.')
  })

  it('is no flag when it begins with a dash', () => {
    const name = '-rf'
    expect(sh`bay vm stop ${name} && bay vm start ${'web'} and bay vm start ${name}`).to.equal('bay vm stop -- -rf && bay vm start web and bay vm start -- -rf')
    expect(sh`bay vm stop ${['a', name, '-b']} ${name}; rm ${name}`).to.equal('bay vm stop -- a -rf -b -rf; rm -- -rf')
    expect(sh`the pool ${name} is stopped: bay pool start ${name}`).to.equal('the pool -rf is stopped: bay pool start -- -rf')
    expect(sh`bay vm exec ${name} -- head ${name}, or bay vm exec ${'web'} -- head ${name}`).to.equal('bay vm exec -- -rf head -rf, or bay vm exec web -- head -rf')
    expect(sh`bay vol upload --format=${name} - ${name}/${name} < ${name}`).to.equal('bay vol upload --format=-rf - -- -rf/-rf < -rf')
    expect(sh`bay vm wait ${{ flags: ['--for', 'ip'] }} ${name}`).to.equal('bay vm wait --for ip -- -rf')
    expect(sh`bay vm wait ${{ flags: [] }} ${'web'}`).to.equal('bay vm wait web')
  })
})
