import { expect } from 'chai'
import { suiteRig, type Rig } from './rig.js'

// Numbers that people mistype and attackers try. libvirtd itself dies of some, so none of those may reach it.
describe('bad input: absurd numbers', function () {
  this.timeout(60_000)
  let rig: Rig
  let daemon: number
  let asItWas: string[]
  const create = (...args: string[]) => rig.bay(['vm', 'create', 'number', '--virt', 'qemu', '--network', 'none', '--empty', ...args])

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    daemon = rig.host.libvirtdPid
    asItWas = await rig.everything()
  })
  after(() => rig?.clean('number'))
  afterEach('libvirtd lives on, and nothing was made', async () => {
    expect(rig.host.libvirtdPid).to.equal(daemon)
    expect(await rig.everything()).to.deep.equal(asItWas)
  })

  for (const [flag, values] of Object.entries({
    '--vcpus': ['0', '-1', '513', '4000000000', '1e9', '2.5', '', '0x10', '999999999999999999999'],
    '--memory': ['0', '-1', '512', '1', '65T', '9999999999T', '1KB', '0.5M', '1 G', 'NaN', '99999999999999999999999999M'],
    '--disk': ['0', '-5G', '20', '8E', '8P', '7P', '2049T', '', '0.1B', '16777216T', '1M,format=vmdk', '1M,bus=nvme', '1M,size=2M'],
    '--timeout': ['0s', '-1s', '5', '8d', '99999999999999s'],
  })) {
    it(`${flag} ${values.join(' ')}: each is refused in one line`, async function () {
      this.timeout(10_000 * values.length)
      for (const value of values) {
        const { code, stdout, stderr } = await create(...flag === '--disk' ? [] : ['--disk', '1M'], flag, value)
        expect({ code, stdout }, `${value}: ${stderr}`).to.deep.equal({ code: 2, stdout: '' })
        expect(stderr).to.match(oneClearLine)
        expect(stderr).to.contain(flag)
      }
    })
  }

  it('what gets through is refused by the host or works, and is undone or whole', async () => {
    for (const [args, codes] of [
      [['--memory', '64T'], [2]],
      [['--memory', '1T', '--vcpus', '255'], [2]],
      [['--vcpus', '512'], [1, 2]],
      [['--vcpus', '256'], [1]],
      [['--memory', '1M'], [0, 1]],
      [['--disk', '2P', '--memory', '32M'], [0]],
    ] as const) {
      const { code, stderr } = await create('--disk', '1B', ...args)
      expect(codes, `${args.join(' ')}: ${stderr}`).to.include(code)
      if (code === 0) await rig.does('vm', 'delete', '--yes', '--force', 'number')
      else expect(stderr.replaceAll(/^.* …\n/gm, '')).to.match(oneClearLine)
      expect(rig.host.libvirtdPid, args.join(' ')).to.equal(daemon)
    }
  })
})

/** One line that says what is wrong, and none but advice after it. */
const oneClearLine = /^bay: (?!internal error).+\n( {2}try: .+\n)*$/
