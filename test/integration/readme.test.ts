import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { program } from '../lab/bay.js'

/** A command of a `console` block and what stands below it: what it prints, stdout and stderr together. */
interface Step {
  command: string
  output: string
}

describe('README.md', () => {
  let home = ''
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'bay-readme-'))
    await writeFile(join(home, 'bay'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
    await chmod(join(home, 'bay'), 0o755)
  })
  after(() => rm(home, { recursive: true, force: true }))

  it('shows what the commands print', async () => {
    const steps = stepsOf(await readFile(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8'))
    expect(steps).to.have.length.greaterThan(10)
    const marked = steps.map(({ command }) => `${command}\nstatus=$?\necho '--- end'\n(exit $status)`).join('\n')
    const printed = (await run(marked)).split('--- end\n').slice(0, -1)
    expect(printed.map((output, at) => `$ ${steps[at]?.command}\n${output}`)).to.deep.equal(
      steps.map(({ command, output }) => `$ ${command}\n${output}`))
  }).timeout(60_000)

  function run(script: string): Promise<string> {
    const env = { PATH: `${home}:${process.env['PATH']}`, HOME: home, XDG_STATE_HOME: join(home, 'state'), LIBVIRT_DEFAULT_URI: 'sandbox' }
    return new Promise((resolve) => {
      execFile('bash', ['-c', `exec 2>&1\n${script}`], { env }, (_, stdout) => resolve(stdout))
    })
  }
})

function stepsOf(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/^```console\n(.*?)^```/gms)].map(([, block = '']) => block)
  return blocks.flatMap((block) => block.split(/^\$ /m).slice(1)).map((step) => {
    const end = step.indexOf('\n')
    return { command: step.slice(0, end), output: step.slice(end + 1) }
  })
}
