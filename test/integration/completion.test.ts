import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { bay, bayEnvironment, program } from '../lab/bay.js'
import { machine, SandboxHost } from './sandbox-host.js'

async function hostWith(...names: string[]): Promise<SandboxHost> {
  const sandbox = new SandboxHost()
  await sandbox.change(async (host) => {
    for (const name of names) host.defineDomain(machine(name.replaceAll('&', '&amp;')))[Symbol.dispose]()
    using pool = host.pool('default')
    using volume = await pool.createVolume('<volume><name>disk one</name><capacity>1</capacity></volume>')
    expect(volume.name()).to.equal('disk one')
  })
  return sandbox
}

async function offered(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await bay(['__complete', ...words])
  expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
  return stdout.split('\n').slice(0, -1).map((line) => line.split('\t')[0] ?? '').sort()
}

describe('bay __complete', () => {
  it('offers commands, flags and values that begin with what was typed', async () => {
    expect(await offered('vm', 'st')).to.deep.equal(['start', 'stats', 'stop'])
    expect(await offered('vm', 'list', '--no-h')).to.deep.equal(['--no-headers'])
    expect(await offered('vm', 'list', '-o', 'j')).to.deep.equal(['json'])
  })

  it('offers the names of what is on the host', async () => {
    using sandbox = await hostWith('web-1', 'web 2', 'db')
    expect(await offered('-c', sandbox.uri, 'vm', 'show', 'web')).to.deep.equal(['web 2', 'web-1'])
    expect(await offered('vm', 'start', '-c', sandbox.uri, 'db', '')).to.deep.equal(['web 2', 'web-1'])
    expect(await offered('-c', sandbox.uri, 'vm', 'create', '')).to.deep.equal([])
    expect(await offered('-c', sandbox.uri, 'net', 'show', '')).to.deep.equal(['default'])
    expect(await offered('-c', sandbox.uri, 'pool', 'show', '')).to.deep.equal(['default'])
    expect(await offered('-c', sandbox.uri, 'vol', 'show', '')).to.deep.equal(['default/disk one'])
  })

  it('takes the host from the environment', async () => {
    using sandbox = await hostWith('vm')
    const { stdout } = await bay(['__complete', 'vm', 'show', ''], { env: { LIBVIRT_DEFAULT_URI: sandbox.uri } })
    expect(stdout).to.equal('vm\t\n')
  })

  it('offers nothing, and says nothing, when the host cannot be asked', async () => {
    expect(await offered('-c', 'nonsense://', 'vm', 'show', '')).to.deep.equal([])
    using sandbox = await hostWith()
    expect(await offered('-c', sandbox.uri, 'filter', 'show', '')).to.deep.equal([])
  })

  it('gives up after a second', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    try {
      const { code, stdout, seconds } = await bay(['__complete', '-c', `qemu+tcp://127.0.0.1:${port}/system`, 'vm', 'show', ''])
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '' })
      expect(seconds).to.be.lessThan(2.5)
    } finally {
      server.close()
    }
  })
})

describe('bay completion', () => {
  it('prints a script for each shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) expect((await bay(['completion', shell])).stdout).to.contain('bay __complete')
    expect((await bay(['completion', 'tcsh'])).code).to.equal(2)
  })

  /** What bash would offer; the words are what it makes of the line, and the last is the one to complete. */
  function bash(words: string[], line = words.join(' ')): string[] {
    const script = `
      bay() { ${JSON.stringify(process.execPath)} ${JSON.stringify(program)} "$@"; }
      eval "$(bay completion bash)"
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$LINE COMP_POINT=\${#LINE}
      _bay bay
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const env = { ...bayEnvironment({}), LINE: line }
    return execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8', env }).split('\n').slice(0, -1).sort()
  }

  it('works in bash', () => {
    expect(bash(['bay', 'vm', 'st'])).to.deep.equal(['start', 'stats', 'stop'])
    expect(bash(['bay', 'vm', ''], 'bay vm ')).to.include('list')
  })

  it('puts together what bash splits at : and =', () => {
    expect(bash(['bay', 'vm', 'list', '--output', '=', 'j'], 'bay vm list --output=j')).to.deep.equal(['json'])
    expect(bash(['bay', 'vm', 'list', '--output', '='], 'bay vm list --output=')).to.include('json')
    expect(bash(['bay', '-c', 'qemu', ':', '///se'], 'bay -c qemu:///se')).to.deep.equal(['///session'])
  })

  it('quotes what bash would misread', async () => {
    using sandbox = await hostWith('a b', 'c&d', "it's", '$(id)', 'x:y')
    const uri = ['-c', 'sandbox', ':', sandbox.file]
    const typed = (...rest: string[]) => bash(['bay', ...uri, 'vm', 'show', ...rest], `bay -c ${sandbox.uri} vm show ${rest.join('')}`)
    expect(typed('')).to.deep.equal(["it\\'s", '\\$\\(id\\)', 'a\\ b', 'c\\&d', 'x:y'].sort())
    expect(typed('a\\ ')).to.deep.equal(['a\\ b'])
    expect(typed('"a ')).to.deep.equal(['a b'])
    expect(typed("'it")).to.deep.equal(["it'\\''s"])
    expect(typed('x', ':')).to.deep.equal(['y'])
  })

  it('runs nothing that stands on the line', () => {
    const made = join(bayEnvironment({})['HOME'] ?? '', 'made')
    bash(['bay', 'vm', 'show', `$(touch ${made})`, ''])
    expect(() => execFileSync('test', ['-e', made])).to.throw()
  })
})
