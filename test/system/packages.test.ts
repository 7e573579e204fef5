import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../lab/script.js'

const long = process.env['BAY_TEST_LONG'] === '1'
const title = 'a package in a clean system'
const root = fileURLToPath(new URL('../../', import.meta.url))
const cleanDebian = join(root, 'test/lab/debian-root.sh')

/** What is true of both. Nothing is in the environment, as little as in cron's. */
const works = `
  /usr/bin/bay --version
  /usr/bin/bay -c sandbox vm list -o json
  /usr/bin/bay help exit-codes | head -n 1
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  man -w bay
  man -w bay-vm-create
  bash -c '. /usr/share/bash-completion/bash_completion
    _comp_load bay 2>/dev/null || _completion_loader bay || true
    COMP_WORDS=(bay vm st) COMP_CWORD=2 COMP_LINE="bay vm st" COMP_POINT=9
    _bay bay
    printf "%s\\n" "\${COMPREPLY[@]}"'`
const seen = ['[]', '# Exit codes', '/usr/share/man/man1/bay.1.gz', '/usr/share/man/man1/bay-vm-create.1.gz', 'start', 'stats', 'stop']

if (!long) it(`${title} (skipped: takes minutes; BAY_TEST_LONG=1 runs it)`)
else describe(title, function () {
  this.timeout(1_200_000)
  let folder: string
  let own: string
  let withNode: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bay-packages-'))
    await succeeds('bash', [join(root, 'scripts/deb'), folder])
    const named = (name: string) => join(folder, readdirSync(folder).find((file) => file.startsWith(`${name}_`)) ?? name)
    own = named('bay')
    withNode = named('bay-node')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('is the same when it is built again, in another way', async () => {
    const again = mkdtempSync(join(folder, 'again-'))
    await succeeds('bash', ['-c', 'umask 077; TZ=Asia/Tokyo LC_ALL=C exec bash "$@"', 'bash', join(root, 'scripts/deb'), again, 'bay'])
    expect(readFileSync(join(again, own.slice(folder.length))).equals(readFileSync(own))).to.equal(true)
  })

  it('bay-node works on a Debian 12 without Node', async function () {
    const lines = await inDebian(this, 'bookworm', [withNode], `! [ -e /usr/bin/node ]\n${works}`)
    expect(lines[0]).to.match(/^bay\/\S+ linux-x64 node-v24\./)
    expect(lines.slice(1)).to.deep.equal(seen)
  })

  it("bay works with the system's Node, and bay-node takes its place", async function () {
    const swapped = `dpkg -i /${withNode.slice(folder.length + 1)} >&2\ndpkg-query -W -f '\${db:Status-Status}\\n' bay-node\nenv -i /usr/bin/bay --version`
    const lines = await inDebian(this, 'trixie', [own, withNode], `${works}\n${swapped}`)
    expect(lines[0]).to.match(/^bay\/\S+ linux-x64 node-v20\./)
    expect(lines.slice(1, -2)).to.deep.equal(seen)
    expect(lines.at(-2)).to.equal('installed')
    expect(lines.at(-1)).to.match(/ node-v24\./)
  })

  it('bay of the npm package works, installed into a folder', async () => {
    const prefix = join(folder, 'prefix')
    const file = (await succeeds('npm', ['pack', '--silent', '--pack-destination', folder, root])).trim().split('\n').at(-1) ?? ''
    await succeeds('npm', ['install', '--silent', '--global', '--prefix', prefix, join(folder, file)])
    const env = ['-i', `PATH=${process.env['PATH'] ?? ''}`, `HOME=${folder}`, join(prefix, 'bin/bay')]
    expect(await succeeds('env', [...env, '-c', 'sandbox', 'vm', 'list', '-o', 'json'])).to.equal('[]\n')
    expect(await succeeds('env', [...env, 'help', 'exit-codes'])).to.match(/^# Exit codes/)
    expect(await succeeds('env', [...env, 'completion', 'fish'])).to.contain('bay __complete')
  })
})

async function succeeds(file: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, { timeout: 900_000 })
  expect(code, stderr).to.equal(0)
  return stdout
}

/** The lines that a script prints in a clean Debian; where there is no mirror of it, the test is skipped and says so. */
async function inDebian(test: Mocha.Context, suite: string, packages: string[], script: string): Promise<string[]> {
  const mirror = await run('bash', [cleanDebian, 'mirror', suite])
  if (mirror.code === 3) {
    if (test.test) test.test.title += ` (skipped: ${mirror.stdout.trim()})`
    test.skip()
  }
  const child = spawn('bash', [cleanDebian, suite, ...packages], { stdio: ['pipe', 'pipe', 'pipe'], timeout: 900_000 })
  const said: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => { said.stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { said.stderr += chunk.toString() })
  child.stdin.end(script)
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code, said.stderr).to.equal(0)
  return said.stdout.trimEnd().split('\n')
}
