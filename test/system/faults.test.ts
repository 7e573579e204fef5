import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { bayEnvironment, program, type BayResult } from '../lab/bay.js'
import { run } from '../lab/script.js'
import { newRig, type Rig } from './rig.js'

/** Seconds that BAY_CONNECT_TIMEOUT allows here. */
const patience = 3

// What becomes of each verb of daily life when there is nobody to talk to. See faults-midway for those that had begun.
describe('faults: the daemon does not answer', function () {
  this.timeout(60_000)
  let rig: Rig
  let verbs: string[][]

  before(async function () {
    this.timeout(300_000)
    rig = await newRig({ network: true })
    await rig.does('vm', 'create', 'fault', ...rig.deaf, '--network', 'none')
    const xml = join(rig.files, 'fault.xml')
    await writeFile(xml, await rig.does('vm', 'xml', '--inactive', 'fault'))
    verbs = [
      ...'list|show fault|xml fault|start fault|stop fault|reboot fault|reset fault|suspend fault|resume fault|save fault|wait fault|rename fault f|autostart fault|delete --yes fault'
        .split('|').map((line) => ['vm', ...line.split(' ')]),
      ['vm', 'create', 'more', ...rig.deaf], ['vm', 'define', xml],
      ...'net list|net show default|net leases default|net start default|pool list|pool show default|pool refresh default|vol list|vol show default/fault.qcow2|filter list|filter show clean-traffic|host show'
        .split('|').map((line) => line.split(' ')),
    ]
  })
  after(() => rig?.host.down())

  async function each(check: (verb: string[], ended: BayResult) => void, env: Record<string, string> = {}): Promise<void> {
    for (let at = 0; at < verbs.length; at += 7) {
      const some = verbs.slice(at, at + 7)
      const ended = await Promise.all(some.map((verb) => rig.bay(verb, { env: { BAY_CONNECT_TIMEOUT: `${patience}`, ...env } })))
      ended.forEach((each, index) => check(some[index] ?? [], each))
    }
  }

  it(`a stopped daemon: every verb gives up in its ${patience} s, with exit code 6`, async () => {
    const asItWas = await rig.everything()
    rig.host.kill('SIGSTOP')
    try {
      await each((verb, { code, stdout, stderr, seconds }) => {
        expect({ code, stdout }, `${verb.join(' ')}: ${stderr}`).to.deep.equal({ code: 6, stdout: '' })
        expect(stderr, verb.join(' ')).to.match(/^bay: libvirt does not answer: no connection in 3 s \(qemu.*\)\n( {2}try: .+\n)+$/)
        expect(seconds, verb.join(' ')).to.be.within(patience, patience + 5)
      })
    } finally {
      rig.host.kill('SIGCONT')
    }
    expect(await rig.everything()).to.deep.equal(asItWas)
  })

  it('a killed daemon: every verb says so at once, with exit code 6', async () => {
    const guests = rig.host.guestPids()
    const asItWas = await rig.everything()
    rig.host.kill('SIGKILL')
    await each((verb, { code, stdout, stderr, seconds }) => {
      expect({ code, stdout }, `${verb.join(' ')}: ${stderr}`).to.deep.equal({ code: 6, stdout: '' })
      expect(stderr, verb.join(' ')).to.match(/^bay: .*(Connection refused|No such file).*\n( {2}try: .+\n)+$/)
      expect(seconds, verb.join(' ')).to.be.below(5)
    })
    await rig.host.restartDaemon()
    expect(rig.host.guestPids()).to.deep.equal(guests)
    expect(await rig.everything()).to.deep.equal(asItWas)
  })

  it('a host that is not there, and URIs that are none', async () => {
    for (const [uri, code] of [
      ['qemu+unix:///system?socket=/nowhere/sock', 6], ['qemu+tcp://127.0.0.1:1/system', 6], ['qemu+tcp://no-such-host.invalid/system', 6],
      ['nonsense', 6], ['nonsense://', 6], ['', 2],
    ] as const) {
      const refused = await rig.bay(['-c', uri, 'vm', 'list'], { env: { BAY_CONNECT_TIMEOUT: `${patience}` } })
      expect({ uri, code: refused.code, stdout: refused.stdout }, refused.stderr).to.deep.equal({ uri, code, stdout: '' })
      expect(refused.stderr, uri).to.match(/^bay: (?!internal error).+\n( {2}try: .+\n)*$/)
      expect(refused.seconds).to.be.below(patience + 5)
    }
  })

  it('a password in a URI is not told', async () => {
    const { stderr, code } = await rig.bay(['-c', 'qemu+tcp://user:geheim@127.0.0.1:1/system', 'vm', 'list'])
    expect(code).to.equal(6)
    expect(stderr).to.contain('user:***@').and.not.contain('geheim')
  })

  it('a socket that nobody else may use: exit 6, and whom to join', async () => {
    const socket = join(rig.host.dir, 'run/libvirt-sock')
    await run('chmod', ['0755', rig.host.dir, join(rig.host.dir, 'run')])
    await run('chmod', ['0700', socket])
    // sudo -u keeps HOME, whose folders nobody else may read.
    const env = { ...bayEnvironment({ uri: rig.host.uri }), BAY_CONNECT_TIMEOUT: `${patience}` }
    const { code, stdout, stderr } = await run('env', [
      '-i', ...Object.entries(env).map(([key, value]) => `${key}=${value}`), ...await asNobody(), process.execPath, program, 'vm', 'start', 'fault',
    ])
    await run('chmod', ['0777', socket])
    expect({ code, stdout }, stderr).to.deep.equal({ code: 6, stdout: '' })
    expect(stderr).to.match(/^bay: .*Permission denied.*\n {2}try: run it as root, or join the group libvirt: usermod -aG libvirt.*\n$/)
  })
})

/** A prefix that runs a command as nobody; who may read the program, wherever it lies, but still not write to a socket. */
async function asNobody(): Promise<string[]> {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const readable = await run('setpriv', [...nobody.slice(1), 'test', '-r', program])
  return readable.code === 0 ? nobody : [...nobody, '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search']
}
