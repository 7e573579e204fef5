import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { Connection } from '../../src/virt/connection.js'
import { setPassword } from '../../src/virt/ops/display-password.js'
import { suiteRig, type Rig } from './rig.js'

interface Display { type: string, host: string | null, port: number | null, uri: string | null, tunnel: string | null }
interface Changed { changed: boolean, live: boolean, stored: boolean, expires: string | null, displays: Display[] }

// What a viewer would find: the greeting, the kinds of security, and whether a password opens it.
describe('bay vm display', function () {
  this.timeout(60_000)
  let rig: Rig
  let file: string

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    file = join(rig.files, 'display-password')
    const withVnc = rig.deaf.map((word) => word === 'none' ? 'vnc' : word)
    await rig.does('vm', 'create', 'display', ...withVnc, '--network', 'none')
    await rig.does('vm', 'create', 'display-none', ...rig.deaf, '--network', 'none')
  })
  after(() => rig?.clean('display'))

  const show = () => rig.json<Display[]>('vm', 'display', 'display')
  const change = (...args: string[]) => rig.json<Changed>('vm', 'display', 'display', ...args)
  const restart = () => rig.virsh('destroy', 'display').then(() => rig.virsh('start', 'display'))
  /** The `<graphics …>` tag, with its secrets. */
  const tag = async (...which: string[]) => /<graphics[^>]*>/.exec(await rig.virsh('dumpxml', '--security-info', ...which, 'display'))?.[0] ?? ''
  const port = async () => (await show())[0]?.port ?? 0
  const knock = async (password = ''): Promise<Viewer> => {
    const { stdout, stderr } = await rig.host.exec([process.execPath, '-e', viewer, `${await port()}`, password])
    return stdout === '' ? { greeting: stderr, kinds: [], opened: false } : JSON.parse(stdout) as Viewer
  }
  const password = () => readFileSync(file, 'utf8').trimEnd()

  it('says where it is: something greets as VNC there', async () => {
    const [display, ...others] = await show()
    expect(others).to.deep.equal([])
    expect(display).to.deep.equal({
      type: 'vnc', host: '127.0.0.1', port: display?.port, tlsPort: null, socket: null, uri: `vnc://127.0.0.1:${display?.port}`,
      tunnel: `ssh -N -L ${display?.port}:127.0.0.1:${display?.port} -- ${rig.host.name}`,
    })
    // virsh counts displays from port 5900.
    expect(await rig.virsh('domdisplay', 'display')).to.equal(`vnc://127.0.0.1:${(display?.port ?? 0) - 5900}`)
    expect(await knock()).to.deep.equal({ greeting: 'RFB 003.008\n', kinds: [1], opened: true })
    const people = await rig.bay(['vm', 'display', 'display'])
    expect(people.stdout).to.match(/^TYPE +HOST +PORT +URI\nvnc +127\.0\.0\.1 +59\d\d +vnc:\/\/127\.0\.0\.1:59\d\d\n$/)
    expect(people.stderr).to.equal(`from elsewhere: ${display?.tunnel}\n`)
    expect(await rig.does('vm', 'display', 'display', '-o', 'name')).to.equal(display?.uri)
  })

  it('a machine without display: 4; one that is off: 5; none of that name: 4', async () => {
    expect(await rig.bay(['vm', 'display', 'display-none'])).to.deep.include({ code: 4, stdout: '' })
    await rig.virsh('destroy', 'display-none')
    const off = await rig.bay(['vm', 'display', 'display-none'])
    expect(off).to.include({ code: 5, stderr: `bay: display-none is off, so its display is nowhere (${rig.host.uri})\n  try: bay vm start display-none\n` })
    expect((await rig.bay(['vm', 'display', 'display-no'])).code).to.equal(4)
  })

  it('a machine that was started without a password takes none while it runs, and nothing changes', async () => {
    const before = [await tag(), await tag('--inactive')]
    const refused = await rig.bay(['vm', 'display', 'display', '--rotate', '--password-to', file, '--persist'])
    expect(refused.code).to.equal(5)
    expect(refused.stderr).to.match(/^bay: display was started without a password .*\n {2}try: --next-start/)
    expect([await tag(), await tag('--inactive')]).to.deep.equal(before)
    expect([existsSync(file), existsSync(`${file}.new`)]).to.deep.equal([false, false])
  })

  it('--next-start stores one, which counts from the next start on; nothing else changes', async () => {
    const before = await rig.virsh('dumpxml', '--inactive', '--security-info', 'display')
    expect(await change('--rotate', '--password-to', file, '--next-start')).to.include({ changed: true, live: false, stored: true, expires: null })
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(password()).to.match(/^[A-Za-z2-9]{8}$/)
    expect(await tag()).not.to.include('passwd')
    const after = await rig.virsh('dumpxml', '--inactive', '--security-info', 'display')
    expect(after.replace(` passwd='${password()}'`, '')).to.equal(before)
    expect(await knock()).to.deep.include({ kinds: [1], opened: true })
    await restart()
    expect(await knock(password())).to.deep.equal({ greeting: 'RFB 003.008\n', kinds: [2], opened: true })
    expect(await knock('wrong')).to.deep.include({ kinds: [2], opened: false })
  })

  it('a password from a file counts at once, and only until the machine is off', async () => {
    const own = join(rig.files, 'display-own')
    writeFileSync(own, 'sesame\n', { mode: 0o600 })
    expect(await change('--password-file', own)).to.include({ changed: true, live: true, stored: false })
    expect(await change('--password-file', own)).to.include({ changed: false })
    expect([(await knock('sesame')).opened, (await knock(password())).opened]).to.deep.equal([true, false])
    expect(await tag('--inactive')).to.include(`passwd='${password()}'`)
    const piped = await rig.bay(['vm', 'display', 'display', '--password-file', '-'], { stdin: 'openup\n' })
    expect(piped).to.include({ code: 0, stdout: 'vm display: password set\n' })
    expect((await knock('openup')).opened).to.equal(true)
  })

  it('--expires ends it; --persist stores it too; neither is ever printed', async () => {
    const run = await rig.bay(['vm', 'display', 'display', '--rotate', '--password-to', file, '--expires', '2s', '--persist', '-o', 'json'])
    const result = run.json() as Changed
    expect(run.stdout + run.stderr).not.to.include(password())
    expect(result).to.include({ changed: true, live: true, stored: true })
    const until = result.expires?.slice(0, 19)
    for (const each of [await tag(), await tag('--inactive')]) expect(each).to.include(`passwd='${password()}' passwdValidTo='${until}'`)
    // QEMU counts whole seconds, and lets in until that one is over.
    await sleep(3200)
    expect((await knock(password())).opened).to.equal(false)
    await change('--rotate', '--password-to', file, '--expires', '10m')
    expect((await knock(password())).opened).to.equal(true)
  })

  it('when the last step fails, both passwords are as they were', async () => {
    const before = [await tag(), await tag('--inactive')]
    using connection = await Connection.open(rig.host.uri)
    using domain = connection.domain('display')
    let during: string[] = []
    const last = async () => {
      during = [await tag(), await tag('--inactive')]
      throw new Error('no')
    }
    const failed = await setPassword(domain, { password: 'never', validTo: null }, { live: true, stored: true }, { dryRun: false, last })
      .then(() => 'nothing', (error: Error) => error.message)
    expect(failed).to.equal('no')
    for (const each of during) expect(each).to.include(`passwd='never'`).and.not.include('passwdValidTo')
    expect([await tag(), await tag('--inactive')]).to.deep.equal(before)
    expect((await knock(password())).opened).to.equal(true)
  })

  it('--no-password waits for the next start, since QEMU would keep the old one', async () => {
    expect((await rig.bay(['vm', 'display', 'display', '--no-password'])).code).to.equal(5)
    expect(await change('--no-password', '--next-start')).to.include({ changed: true })
    expect(await change('--no-password', '--next-start')).to.include({ changed: false })
    expect(await tag('--inactive')).not.to.include('passwd')
    await restart()
    expect(await knock()).to.deep.include({ kinds: [1], opened: true })
  })

  it('what is wrong with the password is said before anything is done', async () => {
    const before = await rig.everything()
    const own = join(rig.files, 'display-bad')
    for (const [text, says] of [['ninechars', 'has 9 characters'], ['a b', 'blanks'], ['', 'is empty']] as const) {
      writeFileSync(own, text, { mode: 0o600 })
      const refused = await rig.bay(['vm', 'display', 'display', '--password-file', own, '--next-start'])
      expect(refused).to.deep.include({ code: 2, stdout: '' })
      expect(refused.stderr).to.include(says).and.not.include('ninechars')
    }
    for (const args of [['--rotate'], ['--expires', '10m'], ['--persist'], ['--rotate', '--password-to', '-'], ['--rotate', '--password-to', '/dev/null'],
      ['--rotate', '--password-to', file, '--no-password'], ['--no-password', '--persist', '--next-start']]) {
      expect((await rig.bay(['vm', 'display', 'display', ...args])).code, args.join(' ')).to.equal(2)
    }
    expect(await change('--rotate', '--password-to', `${file}-dry`, '--next-start', '--dry-run')).to.include({ changed: true, dryRun: true })
    expect(existsSync(`${file}-dry`)).to.equal(false)
    expect(await rig.everything()).to.deep.equal(before)
  })
})

interface Viewer { greeting: string, kinds: number[], opened: boolean }

/** RFC 6143, as far as the security handshake. VNC's password is the key of a DES whose bytes are mirrored. */
const viewer = `
const [port, password] = process.argv.slice(1)
const socket = require('node:net').connect(Number(port), '127.0.0.1')
const mirror = (byte) => parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2)
const key = Buffer.from(Array.from({ length: 8 }, (_, at) => mirror(Buffer.from(password)[at] ?? 0)))
const encrypt = (text) => {
  // DES three times with one key is DES once, and is what OpenSSL still has.
  const cipher = require('node:crypto').createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(false)
  return Buffer.concat([cipher.update(text), cipher.final()])
}
async function* chunks() { let held = Buffer.alloc(0); for await (const chunk of socket) { held = Buffer.concat([held, chunk]); yield held } }
let held = Buffer.alloc(0)
const source = chunks()
let seen = 0
const read = async (count) => {
  while (held.length < seen + count) { const { value, done } = await source.next(); if (done) throw new Error('closed'); held = value }
  seen += count
  return held.subarray(seen - count, seen)
}
const main = async () => {
  const greeting = await read(12)
  socket.write(greeting)
  const kinds = [...await read((await read(1))[0])]
  socket.write(Buffer.from([kinds[0]]))
  if (kinds[0] === 2) socket.write(encrypt(await read(16)))
  const opened = (await read(4)).readUInt32BE(0) === 0
  console.log(JSON.stringify({ greeting: greeting.toString(), kinds, opened }))
  socket.destroy()
}
main()
`
