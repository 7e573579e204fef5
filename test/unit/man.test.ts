import { expect } from 'chai'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Flag { allowNo?: boolean, description: string }
interface Command { hidden?: boolean, summary: string, description: string, flags: Record<string, Flag> }

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as { commands: Record<string, Command> }
const commands = Object.entries(manifest.commands).filter(([, { hidden }]) => hidden !== true)
const pageOf = (id: string) => `bay-${id.replaceAll(':', '-')}.1`
const isThere = (program: string) => spawnSync(program, ['--version']).error === undefined
const needs = (program: string, title: string, work: () => void) => isThere(program)
  ? it(title, work)
  : it.skip(`${title} (skipped: ${program} is not installed)`, work)

describe('the man pages', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bay-man-'))
    execFileSync(process.execPath, [join(root, 'scripts/man.js'), folder], { env: { ...process.env, SOURCE_DATE_EPOCH: '86400' } })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('are one a command, and bay(1)', () => {
    expect(readdirSync(folder).sort()).to.deep.equal(['bay.1', ...commands.map(([id]) => pageOf(id))].sort())
    const main = readFileSync(join(folder, 'bay.1'), 'utf8')
    for (const [id] of commands) expect(main).to.contain(`${pageOf(id).slice(0, -2).replaceAll('-', String.raw`\-`)}\\fR(1)`)
  })

  it('are those that npm installs', () => {
    const { man } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { man: string[] }
    expect(man, 'node scripts/reference.js brings it up to date').to.deep.equal(readdirSync(folder).sort().map((file) => `man/${file}`))
  })

  it('have a name and what it is for, where apropos looks, and the date that they were told', () => {
    const page = readFileSync(join(folder, 'bay-vm-list.1'), 'utf8')
    expect(page).to.match(/^\.TH BAY\\-VM\\-LIST 1 "1970-01-02" "bay \d/)
    expect(page).to.contain(String.raw`bay\-vm\-list \- List virtual machines`)
  })

  needs('groff', 'have all that the help says, and groff has nothing against them', () => {
    const all = commands.map(([id]) => readFileSync(join(folder, pageOf(id)), 'utf8')).join('')
    expect(groff(all, '80n')).to.contain('GLOBAL OPTIONS')
    const pages = rendered(all).split(/ NAME (?=bay-\S+ - )/).slice(1)
    expect(pages).to.have.length(commands.length)
    for (const [index, [, { summary, description, flags }]] of commands.entries()) {
      const shown = pages[index]
      const names = Object.entries(flags).map(([name, { allowNo }]) => allowNo === true ? `--[no-]${name}` : `--${name}`)
      const texts = [summary, description, ...names, ...Object.values(flags).map((flag) => flag.description)]
      for (const text of texts) expect(shown).to.contain(plain(text))
    }
  }).timeout(60_000)

  needs('groff', 'tell the exit codes and the environment in bay(1)', () => {
    const shown = rendered(readFileSync(join(folder, 'bay.1'), 'utf8'))
    for (const text of ['4 no such object', '130, 143 interrupted', 'LIBVIRT_DEFAULT_URI the host', '-c, --connect URI']) {
      expect(shown).to.contain(text)
    }
  })

  needs('groff', 'show what roff would take for its own as it was written', () => {
    const text = String.raw`.br is no request, 'nor \fB \n(.x "this" -o --x it's ^ ~ ` + '`id` \u00D7 \u2026'
    const code = `import { bold, item, prose, section, verbatim } from ${JSON.stringify(join(root, 'scripts/roff.js'))}
      const [text] = process.argv.slice(-1)
      console.log('.TH X 1\\n' + section('ONE', prose(text), verbatim('  .x\\n\\n' + text), item(text, text), bold(text)))`
    const page = execFileSync(process.execPath, ['--input-type=module', '-e', code, '--', text], { encoding: 'utf8' })
    expect(rendered(page).split(plain(text))).to.have.length(6)
    expect(rendered(page)).to.contain(' .x ')
  })

  needs('mandoc', 'have nothing that mandoc warns of', () => {
    const pages = readdirSync(folder).map((file) => join(folder, file))
    const { status, stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...pages], { encoding: 'utf8' })
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: '', stderr: '' })
  })

  needs('man', 'are shown by man without a warning', () => {
    for (const name of ['bay.1', 'bay-vm-create.1', 'bay-filter-create.1', 'bay-completion.1']) {
      const env = { ...process.env, MANWIDTH: '80', LC_ALL: 'C.UTF-8' }
      const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-P', 'cat', '-l', join(folder, name)], { encoding: 'utf8', env })
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
      expect(stdout).to.contain('SYNOPSIS')
    }
  })
})

/** What a reader sees, in one line. */
function rendered(page: string): string {
  return plain(groff(page, '1000n').replaceAll(/[\u2010\u2212]/g, '-'))
}

/** @throws when groff warns of anything */
function groff(page: string, width: string): string {
  const words = ['-man', '-Tutf8', '-ww', `-rLL=${width}`, '-P-cbuo']
  const { status, stdout, stderr } = spawnSync('groff', words, { input: page, encoding: 'utf8', maxBuffer: 2 ** 26 })
  expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
  return stdout
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
