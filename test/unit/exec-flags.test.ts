import { expect } from 'chai'
import { UsageError } from '../../src/errors.js'
import { guestCommand } from '../../src/exec-flags.js'
import { hoistGlobalFlags, wantsJson } from '../../src/command-line.js'

const refused = async (words: string[], env: string[], part: RegExp) => {
  const error = await guestCommand(words, { env, stdin: false }).catch((reason: unknown) => reason)
  expect(error).to.be.instanceOf(UsageError).with.property('message').that.matches(part)
}

describe('the command of vm exec', () => {
  it('is a program and its arguments, word by word', async () => {
    expect(await guestCommand(['sh', '-c', 'a "b" $c', '', '--', '--help'], { stdin: false }))
      .to.deep.equal({ path: 'sh', args: ['-c', 'a "b" $c', '', '--', '--help'], env: [] })
  })

  it('has a PATH beside variables of its own, unless one is given', async () => {
    const env = async (...given: string[]) => (await guestCommand(['env'], { env: given, stdin: false })).env
    expect(await env('A=', 'B=x=y')).to.deep.equal(['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=', 'B=x=y'])
    expect(await env('PATH=/x', 'A=1')).to.deep.equal(['PATH=/x', 'A=1'])
  })

  it('is refused when it is empty, or a variable has no name', async () => {
    await refused([''], [], /^the command is empty$/)
    for (const each of ['A', '=x', '']) await refused(['env'], [each], /is no variable$/)
  })

  it('is touched by nothing on its way: what stands behind -- stays as it is', () => {
    const typed = ['-c', 'sandbox', 'vm', 'exec', 'web', '--', 'ls', '-o', 'json', '--json', '-c', 'x', '--', '--help']
    expect(hoistGlobalFlags(typed)).to.deep.equal(['vm', 'exec', 'web', '-c', 'sandbox', ...typed.slice(5)])
    expect(wantsJson(typed)).to.equal(false)
  })
})
