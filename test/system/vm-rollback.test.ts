import { randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { BayResult } from '../lab/bay.js'
import { momentsOf, suiteRig, until, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

// A create that fails or is ended, at whichever step, leaves the host as it was.
describe('bay vm create: nothing is left of one that fails', function () {
  this.timeout(60_000)
  let rig: Rig
  let big: string
  let asItWas: string[]
  const create = (...args: string[]) => ['vm', 'create', 'undo', '--virt', 'qemu', '--graphics', 'none', ...args]

  before('an image of 300M, and a pool of 8M', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    big = await fullFile(join(rig.files, 'big.raw'), 300)
    const tiny = join(rig.host.dir, 'pools', 'undo-tiny')
    await rig.does('pool', 'create', 'undo-tiny', '--path', tiny, '--no-autostart')
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', tiny])
    await rig.does('pool', 'refresh', 'undo-tiny')
  })
  after(async () => {
    await rig?.host.exec(['umount', join(rig.host.dir, 'pools', 'undo-tiny')])
    await rig?.does('pool', 'delete', '--yes', 'undo-tiny')
    await rig?.clean('undo')
  })

  beforeEach(async () => { asItWas = await rig.everything() })
  afterEach(async () => {
    expect(await rig.everything()).to.deep.equal(asItWas)
    expect(await rig.virsh('vol-list', 'undo-tiny')).to.equal('')
    expect(rig.host.guestPids()).to.be.empty
  })

  for (const [step, args, code, says] of [
    ['libvirt refuses the definition: 256 CPUs need an IOMMU', ['--empty', '--disk', '1M', '--vcpus', '256'], 1, /^bay: .*255 vCPUs/],
    ['it does not start: there is no such bridge', ['--empty', '--disk', '1M', '--disk', '1M', '--memory', '32M', '--autostart', '--network', 'bridge=nobr0'], 1, /^bay: .*nobr0/],
  ] as const) {
    it(step, async () => {
      const failed = await rig.bay(create(...args))
      expect(failed).to.include({ code, stdout: '' })
      expect(last(failed)).to.match(says)
    })
  }

  it('a volume cannot be made: a file has its name, which the pool does not know of, and which stays', async () => {
    const foreign = join(rig.folder, 'undo-2.qcow2')
    await writeFile(foreign, 'of somebody')
    const failed = await rig.bay(create('--empty', '--disk', '1M', '--disk', '1M'))
    expect(failed).to.include({ code: 5, stdout: '' })
    expect(last(failed)).to.match(/^bay: .*undo-2\.qcow2.* exists/)
    expect(await readFile(foreign, 'utf8')).to.equal('of somebody')
    await rm(foreign)
  })

  it('an image does not fit into its pool, which was fuller than libvirt knew', async () => {
    const [foreign, image] = [join(rig.host.dir, 'pools/undo-tiny/foreign'), join(rig.files, 'undo-6m.img')]
    await rig.host.does(['dd', 'if=/dev/zero', `of=${foreign}`, 'bs=1M', 'count=5', 'status=none'])
    await writeFile(image, Buffer.alloc(6 * 2 ** 20, 1))
    const failed = await rig.bay(create('--image', image, '--disk', '300M,pool=undo-tiny'))
    const held = (await rig.host.exec(['ls', '-las', join(rig.host.dir, 'pools/undo-tiny')])).stdout
    await rig.host.does(['rm', foreign])
    await rig.virsh('pool-refresh', 'undo-tiny')
    await rm(image)
    expect(failed, held).to.include({ code: 1, stdout: '' })
    expect(last(failed)).to.match(/^bay: .*[Nn]o space left/)
  })

  it('the same failures as JSON, in one document', async () => {
    const failed = await rig.bay([...create('--empty', '--disk', '1M', '--network', 'bridge=nobr0'), '-o', 'json'])
    expect(failed.code).to.equal(1)
    expect(failed.json()).to.have.nested.property('error.code', 'failed')
  })

  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 143]] as const) {
    it(`${signal} while the image is copied`, async () => {
      const running = rig.start(create('--image', big, '--network', 'none'))
      await until(() => sizeOf(join(rig.folder, 'undo.img')) > 2 ** 20, 5)
      running.kill(signal)
      const ended = await running.done
      expect(ended).to.include({ code, stdout: '' })
      expect(last(ended)).to.match(/^bay: (interrupted|terminated); what was begun is undone/)
      expect(ended.seconds).to.be.below(10)
    })

    it(`${signal} while it starts`, async () => {
      const running = rig.start(create(...modest))
      await running.says('starting it')
      running.kill(signal)
      expect(await running.done).to.include({ code, stdout: '' })
    })
  }

  it('Ctrl-C again and again, as people do', async () => {
    const running = rig.start(create('--image', big, '--network', 'none'))
    await until(() => sizeOf(join(rig.folder, 'undo.img')) > 2 ** 20, 5)
    for (let times = 0; times < 5; times += 1) {
      running.kill('SIGINT')
      await sleep(20)
    }
    expect(await running.done).to.include({ code: 130 })
  })

  it(`a signal at any moment: ${long ? 200 : 8} moments from its start to its end`, async function () {
    this.timeout(long ? 900_000 : 90_000)
    const count = long ? 200 : 8
    const codes: (number | string | null)[] = []
    const began = performance.now()
    await rig.does(...create(...modest, '--disk', '1M'))
    const took = performance.now() - began
    await rig.does('vm', 'delete', '--yes', '--force', 'undo')
    for (const moment of momentsOf(took, count, () => codes.includes(143) ? count : 0)) {
      const running = rig.start(create(...modest, '--disk', '1M'))
      await sleep(moment)
      running.kill('SIGTERM')
      const { code, signal, stderr } = await running.done
      codes.push(code ?? signal)
      if (code === 0) await rig.does('vm', 'delete', '--yes', '--force', 'undo')
      else expect(await rig.everything(), `${Math.round(moment)} ms: ${code ?? signal}\n${stderr}`).to.deep.equal(asItWas)
    }
    // A signal that comes before there is anything to undo ends it at once.
    expect(codes.filter((code) => ![0, 143, 'SIGTERM'].includes(code ?? -1))).to.be.empty
    expect(codes).to.include(143)
  })
})

describe('bay vm create: what was made stays when only the wait for it fails', function () {
  this.timeout(60_000)
  let rig: Rig
  before(async () => { rig = await suiteRig() })
  after(() => rig?.clean('waited'))

  it('exit 124, and the machine is named', async () => {
    const late = await rig.bay(['vm', 'create', 'waited', ...rig.deaf, '--network', rig.network, '--wait', 'ip', '--timeout', '1s'])
    expect(late).to.include({ code: 124, stdout: '' })
    expect(late.stderr).to.match(/^bay: waited: created and started, but not in possession of an address after 1 s.*\n {2}try: bay vm show waited$/m)
    expect(await rig.state('waited')).to.equal('running')
  })
})

const modest = ['--empty', '--disk', '1M', '--network', 'none', '--memory', '32M']

/** A file of so many megabytes without a hole. */
async function fullFile(path: string, megabytes: number): Promise<string> {
  const file = await open(path, 'w')
  const piece = randomBytes(2 ** 20)
  for (let each = 0; each < megabytes; each += 1) await file.write(piece)
  await file.close()
  return path
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).blocks * 512 : 0
}

/** The line that says what went wrong, after those of the progress. */
function last({ stderr }: BayResult): string {
  return stderr.split('\n').find((line) => line.startsWith('bay: ')) ?? stderr
}
