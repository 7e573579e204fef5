import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bayEnvironment, program } from '../lab/bay.js'
import { typedAt } from './on-terminal.js'
import { machine, SandboxHost } from './sandbox-host.js'

const scripts = fileURLToPath(new URL('../../bin/completion/', import.meta.url))
/** All that a shell could take for its own, in one name. */
const evil = `evil's "$(touch made)" \`id\` c:d=e@f&;*[1]{2}~#!x\\y`

interface Shell {
  /** what starts it in the folder, interactive, with the completion and the prompt `ready> ` */
  start: string
  /** its start-up file, and what is in it */
  rc: readonly [file: string, text: string]
}

const shells: Record<string, Shell> = {
  bash: { start: 'bash --rcfile rc -i', rc: ['rc', `PS1='ready> '\n. ${scripts}bay.bash\n`] },
  // As a package installs it, and compinit finds it.
  zsh: { start: 'ZDOTDIR=. zsh -i', rc: ['.zshrc', `PS1='ready> '\nfpath=($PWD/functions $fpath)\nautoload -Uz compinit && compinit -u -D\n`] },
  fish: { start: "fish --no-config -C 'source rc' -i", rc: ['rc', `function fish_prompt; printf 'ready> '; end\nset -g fish_greeting\nsource ${scripts}bay.fish\n`] },
}

for (const [shell, { start, rc }] of Object.entries(shells)) {
  const title = `completion in ${shell}, as it is typed`
  const missing = spawnSync(shell, ['--version']).status !== 0
  if (missing) it.skip(`${title} (skipped: ${shell} is not installed)`)
  else describe(title, function () {
    this.timeout(60_000)
    // Where a host does not answer within a second, as on a machine that is very busy, a key does nothing.
    this.retries(2)
    let folder: string
    let sandbox: SandboxHost

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bay-shell-'))
      mkdirSync(join(folder, 'functions'))
      copyFileSync(join(scripts, 'bay.zsh'), join(folder, 'functions/_bay'))
      writeFileSync(join(folder, rc[0]), rc[1])
      // What completes is the program; what is run at the end of a line says which words the shell made of it.
      writeFileSync(join(folder, 'bay'), `#!/bin/sh
        if [ "$1" = __complete ]; then exec ${process.execPath} ${program} "$@"; fi
        for word; do printf '%s\\0' "$word"; done >> words
        printf '\\0' >> words
        echo ran that`, { mode: 0o755 })
      sandbox = new SandboxHost()
      await sandbox.change(async (host) => {
        for (const name of ['web 1', evil, '-rf']) host.defineDomain(machine(name.replaceAll('&', '&amp;')))[Symbol.dispose]()
        using pool = host.pool('default')
        using volume = await pool.createVolume('<volume><name>disk one</name><capacity>1</capacity></volume>')
        expect(volume.name()).to.equal('disk one')
      })
    })
    after(() => {
      sandbox[Symbol.dispose]()
      rmSync(folder, { recursive: true, force: true })
    })

    /** The words that the shell makes of each line, in which \t is the key. */
    async function typed(uri: string, ...lines: string[]): Promise<string[][]> {
      writeFileSync(join(folder, 'words'), '')
      const home = { ...bayEnvironment({ uri }), HOME: folder, TERM: 'xterm', PATH: `${folder}:${process.env['PATH'] ?? ''}`, HISTFILE: '' }
      const keys = [...lines.flatMap((line) => [['ready> ', `${line}\r`], ['ran that', '']] as const), ['ready> ', 'exit\r'] as const]
      const { code, screen } = await typedAt(`stty cols 200 rows 40; cd ${folder}; ${start}`, keys, home)
      expect(code, screen).to.equal(0)
      expect(() => readFileSync(join(folder, 'made'))).to.throw()
      return readFileSync(join(folder, 'words'), 'utf8').split('\0\0').slice(0, -1).map((words) => words.split('\0'))
    }

    it('gives the program the names that were meant, whatever is in them and however they are quoted', async () => {
      const lines = ['bay vm show we\t', 'bay vm show ev\t', "bay vm show 'ev\t", 'bay vm show "ev\t', 'bay vm show web\\ \t', 'bay vol show default/di\t']
      expect(await typed(sandbox.uri, ...lines)).to.deep.equal([
        ['vm', 'show', 'web 1'], ...Array<string[]>(3).fill(['vm', 'show', evil]), ['vm', 'show', 'web 1'], ['vol', 'show', 'default/disk one'],
      ])
    })

    it('completes commands, flags and their values', async () => {
      const lines = [
        'bay snap\tli\tev\t', 'bay -c sandb\tvm li\t--no-h\t-o js\t', 'bay vm list --output=js\t', 'bay -c qemu:///se\tpool sh\tx',
        'bay vm create x --network=def\t--no-st\t', 'A=1 bay vm show we\t', 'bay vm show -- -\t',
      ]
      expect(await typed(sandbox.uri, ...lines)).to.deep.equal([
        ['snapshot', 'list', evil], ['-c', 'sandbox', 'vm', 'list', '--no-headers', '-o', 'json'], ['vm', 'list', '--output=json'],
        ['-c', 'qemu:///session', 'pool', 'show', 'x'], ['vm', 'create', 'x', '--network=default', '--no-start'],
        ['vm', 'show', 'web 1'], ['vm', 'show', '--', '-rf'],
      ])
    })

    it('goes on after a second when the host does not answer', async () => {
      const socket = join(folder, 'silent')
      // It reads what it is asked, and never answers.
      await using server = createServer((asked) => asked.resume()).listen(socket)
      await once(server, 'listening')
      const began = performance.now()
      expect(await typed(`qemu+unix:///system?socket=${socket}`, 'bay vm show we\t')).to.deep.equal([['vm', 'show', 'we']])
      expect(performance.now() - began).to.be.within(1000, 10_000)
    })
  })
}
