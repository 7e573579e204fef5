import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../lab/script.js'

const long = process.env['BAY_TEST_LONG'] === '1'
const title = 'a package in a clean system'
const root = fileURLToPath(new URL('../../', import.meta.url))
const cleanDebian = join(root, 'test/lab/debian-root.sh')

const completed = (...words: string[]) => `bash -c '. /usr/share/bash-completion/bash_completion
    _comp_load bay 2>/dev/null || _completion_loader bay || true
    COMP_WORDS=(${words.join(' ')}) COMP_CWORD=${words.length - 1} COMP_LINE="${words.join(' ')}" COMP_POINT=${words.join(' ').length}
    _bay bay
    printf "%s\\n" "\${COMPREPLY[@]}"'`

/** What is true of both. Nothing is in the environment, as little as in cron's. */
const works = `
  /usr/bin/bay --version
  /usr/bin/bay -c sandbox vm list -o json
  /usr/bin/bay help exit-codes | head -n 1
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  man -w bay
  man -w bay-vm-create
  for page in /usr/share/man/man1/bay*; do LC_ALL=C.UTF-8 man --warnings -P cat -l "$page" 2>&1 >/dev/null; done
  ${completed('bay', 'vm', 'st')}
  bay -c sandbox vm create web-1 --empty --network none --no-start --quiet
  ${completed('bay', '-c', 'sandbox', 'vm', 'start', 'we')}
  LIBVIRT_DEFAULT_URI=sandbox ${completed('bay', 'vm', 'show', "''")}`
const seen = ['[]', '# Exit codes', '/usr/share/man/man1/bay.1.gz', '/usr/share/man/man1/bay-vm-create.1.gz', 'start', 'stats', 'stop', 'web-1', 'web-1']

/** The next version takes the place of this one; purged, nothing is left of either. */
const upgraded = (name: string, file: string) => `
  dpkg-deb -R ${file} /next
  sed -i 's/^Version: .*/Version: 99.0.0/' /next/DEBIAN/control
  mv /next/usr/lib/bay/docs/help/cron.md /next/usr/lib/bay/docs/help/timers.md
  dpkg-deb --root-owner-group -Znone -b /next /next.deb >&2
  dpkg -i /next.deb >&2
  dpkg-query -W ${name}
  env -i /usr/bin/bay -c sandbox vm list -q
  env -i /usr/bin/bay help timers | head -n 1
  ls /usr/lib/bay/docs/help/cron.md >&2 || echo no old files
  dpkg -L ${name} | while read -r path; do [ -d "$path" ] || echo "$path"; done > /files
  dpkg --purge ${name} >&2
  while read -r path; do [ ! -e "$path" ] || echo "left: $path"; done < /files
  [ ! -e /usr/lib/bay ] || echo "left: /usr/lib/bay"
  echo purged`
const gone = (name: string) => [`${name}\t99.0.0`, 'web-1', '# Cron, timers and scripts', 'no old files', 'purged']

/** Node lies where its own archives put it; npm finds in the cache what it would load. */
const byNpm = (file: string) => `
  export PATH=/usr/local/bin:/usr/bin:/bin HOME=/root
  tar -xf /node.tar -C /usr/local --strip-components=1
  tar -xf /cache.tar -C /
  npm install --global --offline --cache /cache /${file} >&2
  env -i PATH=$PATH bay --version
  env -i PATH=$PATH bay -c sandbox vm list -o json
  env -i PATH=$PATH bay help exit-codes | head -n 1
  man -w bay
  man -w bay-vm-create
  for page in /usr/local/share/man/man1/bay*; do LC_ALL=C.UTF-8 man --warnings -P cat -l "$page" 2>&1 >/dev/null; done
  bay -c sandbox vm create web-1 --empty --network none --no-start --quiet
  mkdir -p /usr/local/share/bash-completion/completions
  bay completion bash > /usr/local/share/bash-completion/completions/bay
  ${completed('bay', 'vm', 'st')}
  ${completed('bay', '-c', 'sandbox', 'vm', 'start', 'we')}
  npm uninstall --global --offline --cache /cache bay >&2
  find /usr/local/bin /usr/local/lib /usr/local/share/man -lname '*bay*' -o -name 'bay*'
  echo removed`

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
    const lines = await inDebian(this, 'bookworm', [withNode], `! [ -e /usr/bin/node ]\n${works}${upgraded('bay-node', `/${basename(withNode)}`)}`)
    expect(lines[0]).to.match(/^bay\/\S+ linux-x64 node-v24\./)
    expect(lines.slice(1)).to.deep.equal([...seen, ...gone('bay-node')])
  })

  it("bay works with the system's Node, and bay-node takes its place", async function () {
    const swapped = `dpkg -i /${basename(withNode)} >&2\ndpkg-query -W -f '\${db:Status-Status}\\n' bay-node\nenv -i /usr/bin/bay --version`
    const lines = await inDebian(this, 'trixie', [own, withNode], `${works}\n${swapped}`)
    expect(lines[0]).to.match(/^bay\/\S+ linux-x64 node-v20\./)
    expect(lines.slice(1, -2)).to.deep.equal(seen)
    expect(lines.at(-2)).to.equal('installed')
    expect(lines.at(-1)).to.match(/ node-v24\./)
  })

  it('bay of the npm package works, installed into a folder and, with no more than Node, into a clean system', async function () {
    const prefix = join(folder, 'prefix')
    const file = (await succeeds('npm', ['pack', '--silent', '--pack-destination', folder, root])).trim().split('\n').at(-1) ?? ''
    await succeeds('npm', ['install', '--silent', '--global', '--prefix', prefix, join(folder, file)])
    const env = ['-i', `PATH=${process.env['PATH'] ?? ''}`, `HOME=${folder}`, join(prefix, 'bin/bay')]
    expect(await succeeds('env', [...env, '-c', 'sandbox', 'vm', 'list', '-o', 'json'])).to.equal('[]\n')
    expect(await succeeds('env', [...env, 'help', 'exit-codes'])).to.match(/^# Exit codes/)
    expect(await succeeds('env', [...env, 'completion', 'fish'])).to.contain('bay __complete')

    await nodeWithNpm(join(folder, 'node'))
    // Which version it takes of what a module needs depends on Node's.
    const npm = ['install', '--silent', '--global', '--cache', join(folder, 'cache'), '--prefix', join(folder, 'other'), join(folder, file)]
    await succeeds(join(folder, 'node/bin/node'), [join(folder, 'node/bin/npm'), ...npm])
    const lines = await inDebian(this, 'bookworm', [join(folder, file), await packed(folder, 'node'), await packed(folder, 'cache')], byNpm(file))
    expect(lines.shift()).to.match(/^bay\/\S+ linux-x64 node-v24\./)
    const linked = ['bay', 'bay-vm-create'].map((page) => `/usr/local/lib/node_modules/bay/man/${page}.1`)
    expect(lines).to.deep.equal(['[]', '# Exit codes', ...linked, 'start', 'stats', 'stop', 'web-1', 'removed'])
  })
})

/** An archive of a folder's folder, beside it. */
async function packed(folder: string, name: string): Promise<string> {
  await succeeds('tar', ['-C', folder, '-cf', join(folder, `${name}.tar`), name])
  return join(folder, `${name}.tar`)
}

/** Node as the package brings it, and the npm of this machine, as in Node's own archives. */
async function nodeWithNpm(to: string): Promise<void> {
  mkdirSync(join(to, 'lib/node_modules'), { recursive: true })
  await succeeds('bash', [join(root, 'scripts/node-inside'), to])
  chmodSync(join(to, 'bin/node'), 0o755)
  const modules = (await succeeds('npm', ['root', '--global'])).trim()
  cpSync(join(modules, 'npm'), join(to, 'lib/node_modules/npm'), { recursive: true, dereference: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(to, 'bin/npm'))
}

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
