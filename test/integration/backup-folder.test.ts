import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bay, type BayResult } from '../lab/bay.js'

// A backup server: it has a folder of backups, and neither libvirt nor a host.
describe('backups in a folder of a system without libvirt', () => {
  let top: string
  let folder: string

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'bay-folder-'))
    folder = join(top, 'backups')
    for (const day of [1, 2, 3]) makeBackup(folder, 'web 1', day)
    makeBackup(folder, 'db', 1)
  })
  afterEach(() => rmSync(top, { recursive: true }))

  const run = (args: readonly string[], env: Record<string, string> = {}): Promise<BayResult> =>
    bay([...args], { env: { BAY_LIBVIRT_LIBRARY: '/nope/libvirt.so', XDG_STATE_HOME: join(top, 'state'), ...env } })
  const prune = (...more: string[]) => ['backup', 'prune', '--from', folder, '--keep', '1', '--yes', ...more]
  const left = (vm: string) => readdirSync(join(folder, encodeURIComponent(vm))).sort()
  const journals = () => readdirSync(join(top, 'state', 'bay', 'journal'))

  it('are listed, verified and pruned', async () => {
    expect((await run(['backup', 'list', '--from', folder, '-o', 'name'])).stdout.trim().split('\n')).to.have.length(4)
    expect(await run(['backup', 'verify', '--from', folder])).to.include({ code: 0, stderr: '' })
    const shown = await run(prune('--all', '--dry-run', '-o', 'json'))
    expect(shown).to.include({ code: 0, stderr: '' })
    expect(left('web 1')).to.have.length(3)
    const pruned = await run(prune('--all', '-o', 'json'))
    expect(pruned).to.include({ code: 0, stderr: '' })
    expect((pruned.json() as { name: string, deleted: string[] }[]).map(({ name, deleted }) => [name, deleted]))
      .to.deep.equal([['db', []], ['web 1', [nameOf(2), nameOf(1)]]])
    expect([left('web 1'), left('db'), journals()]).to.deep.equal([[nameOf(3)], [nameOf(1)], []])
    expect((await run(prune('web 1', '-o', 'json'))).json()).to.include({ name: 'web 1', changed: false })
    expect(await run(prune('nobody'))).to.include({ code: 4 })
  })

  it('are finished by bay recover where a prune was killed', async () => {
    expect((await run(prune('web 1'), { BAY_TEST_KILL_AT: '1+' })).signal).to.equal('SIGKILL')
    // What the run was about to do next.
    renameSync(join(folder, 'web%201', nameOf(2)), join(folder, 'web%201', `${nameOf(2)}.incomplete`))
    expect(left('web 1')).to.have.length(3)
    const recovered = await run(['recover', '-o', 'json'])
    expect(recovered).to.include({ code: 0, stderr: '' })
    expect((recovered.json() as object[])[0]).to.include({ uri: null, command: 'backup prune', name: 'web 1', result: 'recovered' })
    expect([left('web 1'), journals()]).to.deep.equal([[nameOf(1), nameOf(3)], []])
  })

  it('need the host that is named all the same', async () => {
    expect(await bay(['-c', 'qemu+unix:///system?socket=/nope', ...prune('web 1')])).to.include({ code: 6, stdout: '' })
    expect(left('web 1')).to.have.length(3)
  })
})

const nameOf = (day: number) => `2026010${day}T000000Z`

function makeBackup(folder: string, vm: string, day: number): void {
  const path = join(folder, encodeURIComponent(vm), nameOf(day))
  mkdirSync(path, { recursive: true })
  const xml = `<domain><name>${vm}</name></domain>`
  writeFileSync(join(path, 'domain.xml'), xml)
  writeFileSync(join(path, 'manifest.json'), JSON.stringify({
    version: 1, name: nameOf(day), vm, uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', time: `2026-01-0${day}T00:00:00.000Z`, kind: 'full', parent: null,
    checkpoint: null, state: 'running', quiesced: false, disks: [], nvram: null, tpm: false, skipped: [], bay: '0', libvirt: '0',
    xml: { file: 'domain.xml', bytes: xml.length, sha256: createHash('sha256').update(xml).digest('hex') },
  }))
}
