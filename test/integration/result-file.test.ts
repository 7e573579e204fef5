import { expect } from 'chai'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTest } from './vm-host.js'

const module = fileURLToPath(new URL('../../src/part-file.ts', import.meta.url))

describe('a file that is written whole or not at all', function () {
  this.timeout(60_000)
  let folder: string
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'bay-result-')) })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** A run that stays in the middle of writing a file of that name. */
  async function writing(name: string): Promise<ChildProcess> {
    const code = `import { inPartFile } from ${JSON.stringify(module)}
      await inPartFile(${JSON.stringify(join(folder, name))}, () => { console.log('writes'); return new Promise(() => setInterval(() => {}, 1000)) })`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (!child.stdout) throw new Error('the child has no output')
    await once(child.stdout, 'data')
    return child
  }

  async function killed(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL')
    await once(child, 'close')
  }

  it('has what killed runs left of it removed by the next, and nothing of runs that live or of other files', async () => {
    const [dead, alive, other] = await Promise.all([writing('bay.prom'), writing('bay.prom'), writing('other.prom')])
    await Promise.all([killed(dead), killed(other)])
    expect(readdirSync(folder)).to.have.length(3)

    const { code, stderr } = await onTest(`metrics -q --write ${join(folder, 'bay.prom')}`)
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(statSync(join(folder, 'bay.prom')).mode & 0o777).to.equal(0o644)
    const left = readdirSync(folder).filter((name) => name !== 'bay.prom')
    expect(left, left.join()).to.have.length(2)

    await killed(alive)
    for (const name of ['bay.prom', 'other.prom']) expect((await onTest(`metrics -q --write ${join(folder, name)}`)).code).to.equal(0)
    expect(readdirSync(folder).sort()).to.deep.equal(['bay.prom', 'other.prom'])
  })

  it('takes the place of no pipe, no folder and no link to a device', async () => {
    const [pipe, link, inside] = [join(folder, 'pipe'), join(folder, 'link'), join(folder, 'inside')]
    execFileSync('mkfifo', [pipe])
    symlinkSync('/dev/null', link)
    mkdirSync(inside)
    for (const path of [pipe, link, inside]) {
      const { code, stderr } = await onTest(`metrics --write ${path}`)
      expect(code, stderr).to.equal(2)
      expect(stderr).to.include(`${path} cannot be written: it is there, and is no regular file`)
    }
    expect(readdirSync(folder).sort()).to.deep.equal(['inside', 'link', 'pipe'])
    expect(lstatSync(link).isSymbolicLink() && lstatSync(pipe).isFIFO()).to.equal(true)
  })
})
