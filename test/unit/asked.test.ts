import { expect } from 'chai'
import { asked } from '../../src/asked.js'
import { UsageError } from '../../src/errors.js'

const ids = ['vm:list', 'vm:show', 'vm:attach:disk', 'vm:detach', 'vm:detach:cdrom', 'recover']

describe('what a command line asks for', () => {
  for (const [line, command, ...argv] of [
    ['vm list', 'vm:list'],
    ['vm list --sort name', 'vm:list', '--sort', 'name'],
    ['vm:list -q', 'vm:list', '-q'],
    ['vm show web-1', 'vm:show', 'web-1'],
    ['vm show a=b', 'vm:show', 'a=b'],
    ['vm show -- --help', 'vm:show', '--', '--help'],
    ['vm attach disk web-1 1G', 'vm:attach:disk', 'web-1', '1G'],
    ['vm detach web-1', 'vm:detach', 'web-1'],
    ['vm detach cdrom web-1', 'vm:detach:cdrom', 'web-1'],
    ['recover', 'recover'],
    ['recover all', 'recover', 'all'],
  ] as const) {
    it(`bay ${line} is ${command} ${argv.join(' ')}`, () => expect(asked(ids, line.split(' '))).to.deep.equal({ command, argv }))
  }

  for (const line of ['', '--help', 'vm', 'vm attach', 'vm -q', 'vm list --help', 'nonsense --help']) {
    it(`bay ${line} is answered by oclif`, () => expect(asked(ids, line.split(' ').filter(Boolean))).to.equal('help'))
  }

  for (const [line, typed, near] of [
    ['vm lst', 'vm lst', 'bay vm list'],
    ['vm lst --sort name', 'vm lst', 'bay vm list'],
    ['vm attach dsk web-1', 'vm attach dsk web-1', undefined],
    ['recovr', 'recovr', 'bay recover'],
    ['--nonsense vm list', '--nonsense', undefined],
  ] as const) {
    it(`bay ${line} is no command`, () => {
      const call = () => asked(ids, line.split(' '))
      expect(call).to.throw(UsageError, `there is no command '${typed}'`)
      expect(call).to.throw(UsageError).with.property('hints').that.includes(near ?? 'bay help')
    })
  }
})
