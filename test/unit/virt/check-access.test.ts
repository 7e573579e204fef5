import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { barrier, mayByMode, whoIs } from '../../../src/virt/ops/check-access.js'

const qemu = { uid: 64055, name: 'libvirt-qemu', groups: new Set([107, 64055]) }

describe('who may read a file', () => {
  const modes: [mode: number, owner: [uid: number, gid: number], pass: boolean | null, read: boolean | null][] = [
    [0o755, [0, 0], true, true],
    [0o711, [0, 0], true, false],
    [0o700, [0, 0], false, false],
    [0o700, [64055, 0], true, true],
    [0o077, [64055, 107], false, false],
    [0o750, [0, 107], true, true],
    [0o705, [0, 107], false, false],
    // An access list may have it for the user: its mask is in the group's place.
    [0o750, [0, 0], null, null],
    [0o710, [0, 0], null, false],
  ]
  for (const [mode, [uid, gid], pass, read] of modes) {
    it(`${mode.toString(8)} of ${uid}:${gid}`, () => {
      expect([mayByMode({ mode, uid, gid }, qemu, 'pass'), mayByMode({ mode, uid, gid }, qemu, 'read')]).to.deep.equal([pass, read])
    })
  }

  it('root gets at everything', () => {
    expect(mayByMode({ mode: 0, uid: 1, gid: 1 }, { uid: 0, name: 'root', groups: new Set([0]) }, 'read')).to.equal(true)
  })

  it('a user has its own group and those that name it', () => {
    const files = { passwd: 'root:x:0:0::/root:/bin/sh\nqemu:x:107:107::/:/sbin/nologin\n', group: 'root:x:0:\nkvm:x:36:a,qemu\ndisk:x:6:qemus\n' }
    expect(whoIs({ uid: 107, gid: 108 }, files)).to.deep.equal({ uid: 107, name: 'qemu', groups: new Set([108, 36]) })
    expect(whoIs({ uid: 5, gid: 6 }, files)).to.deep.equal({ uid: 5, name: 'uid 5', groups: new Set([6]) })
  })
})

describe('what is in the way to a file', () => {
  // Somebody who is neither we nor in any group of ours.
  const stranger = { uid: 64999, name: 'stranger', groups: new Set([64999]) }
  let top: string
  let file: string
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'bay-access-'))
    chmodSync(top, 0o755)
    mkdirSync(join(top, 'a/b'), { recursive: true })
    file = join(top, 'a/b/disc.iso')
    writeFileSync(file, '')
  })
  afterEach(() => rmSync(top, { recursive: true, force: true }))

  it('is the first folder on the way', async () => {
    expect(await barrier(file, stranger, { read: true })).to.equal(null)
    chmodSync(join(top, 'a/b'), 0o700)
    expect(await barrier(file, stranger, { read: false })).to.deep.equal({ path: join(top, 'a/b'), may: 'pass' })
    chmodSync(join(top, 'a'), 0o701)
    expect(await barrier(file, stranger, { read: false })).to.deep.equal({ path: join(top, 'a/b'), may: 'pass' })
    chmodSync(join(top, 'a'), 0o700)
    expect(await barrier(file, stranger, { read: false })).to.deep.equal({ path: join(top, 'a'), may: 'pass' })
  })

  it('is the file when libvirt does not give it away', async () => {
    chmodSync(file, 0o600)
    expect(await barrier(file, stranger, { read: false })).to.equal(null)
    expect(await barrier(file, stranger, { read: true })).to.deep.equal({ path: file, may: 'read' })
  })

  it('is looked for behind symbolic links too', async () => {
    symlinkSync(join(top, 'a/b'), join(top, 'images'))
    chmodSync(join(top, 'a'), 0o700)
    expect(await barrier(join(top, 'images/disc.iso'), stranger, { read: false })).to.deep.equal({ path: join(top, 'a'), may: 'pass' })
  })

  it('is not made up where we cannot look', async () => {
    expect(await barrier(join(top, 'none/x/disc.iso'), stranger, { read: true })).to.equal(null)
  })

  it('is what the kernel says where the mode may hide an access list', async function () {
    if (process.geteuid?.() !== 0) this.skip()
    chmodSync(join(top, 'a'), 0o750)
    expect(await barrier(file, stranger, { read: false })).to.deep.equal({ path: join(top, 'a'), may: 'pass' })
    const ours = { ...stranger, groups: new Set([64999, 0]) }
    expect(await barrier(file, ours, { read: false })).to.equal(null)
  })
})
