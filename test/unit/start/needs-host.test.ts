import { expect } from 'chai'
import { needsHost } from '../../../src/start/needs-host.js'

describe('needsHost', () => {
  for (const [line, needs] of Object.entries({
    '': false, 'vm list': true, '-c sandbox vm list': true, 'vm list --help': false, 'help uris': false, '--version -q': false, 'bridge list': false,
    '__complete': false, '__complete vm': false, '__complete vm show': false, '__complete vm show x': true, '__complete vm show --o': false,
  })) {
    it(`is ${needs} for: bay ${line}`, () => {
      expect(needsHost(line.split(' ').filter((word) => word !== ''))).to.equal(needs)
    })
  }
})
