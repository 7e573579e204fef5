import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { BayError, UsageError } from '../../../src/errors.js'
import { choose, confirm, input } from '../../../src/output/ask.js'

const root = new URL('../../..', import.meta.url).pathname

/** Runs one question on a terminal of its own and types the keys once it is shown; gives all that the terminal saw. */
function onTerminal(question: string, keys: string): Promise<string> {
  const code = `import { confirm, choose, input } from './src/output/ask.ts'
try { console.log('answer ' + JSON.stringify(await ${question})) } catch (error) { console.log(\`\${error.name} \${error.code} \${error.exitCode}\`) }`
  const child = spawn('script', ['-qec', `node --import tsx --input-type=module -e "$CODE"`, '/dev/null'], {
    cwd: root, env: { ...process.env, CODE: code, TERM: 'xterm' },
  })
  let seen = ''
  let typed = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text
    if (typed || !seen.includes('Really')) return
    typed = true
    setTimeout(() => child.stdin.write(keys), 200)
  })
  return new Promise((resolve) => child.on('close', () => resolve(seen)))
}

describe('asking', () => {
  it('without a terminal is a usage error, not a wait', async () => {
    for (const ask of [() => confirm('Really?'), () => choose('Really?', [{ value: 'a' }]), () => input('Really?')]) {
      const error: unknown = await ask().then(() => undefined, (reason: unknown) => reason)
      expect(error).to.be.instanceOf(UsageError)
      expect(error).to.be.instanceOf(BayError).with.property('message', 'cannot ask without a terminal: Really?')
    }
  }).timeout(5000)

  const cases: [string, string, string][] = [
    [`confirm('Really?')`, 'y\r', 'answer true'],
    [`confirm('Really?')`, '\r', 'answer false'],
    [`confirm('Really?', { default: true })`, '\r', 'answer true'],
    [`choose('Really?', [{ value: 'a' }, { value: 'b', label: 'the second' }])`, '\x1b[B\r', 'answer "b"'],
    [`input('Really?')`, 'web-1\r', 'answer "web-1"'],
    [`input('Really?', { default: 'x', check: (text) => text === 'x' ? undefined : 'no' })`, '\r', 'answer "x"'],
    [`confirm('Really?')`, '\x03', 'BayError interrupted 130'],
    [`input('Really?')`, '\x03', 'BayError interrupted 130'],
    [`input('Really?')`, '\x04', 'BayError interrupted 130'],
    [`choose('Really?', [{ value: 'a' }])`, '\x04', 'BayError interrupted 130'],
  ]
  for (const [question, keys, expected] of cases) {
    it(`${question} with ${JSON.stringify(keys)} gives ${expected}`, async () => {
      expect(await onTerminal(question, keys)).to.contain(expected)
    })
  }
})
