import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { newRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'
const codes = { INT: 130, TERM: 143 } as const

// What recover.test.ts does with SIGKILL, with the signals that a run hears: it cleans up by itself.
describe('vm create: a signal at each journal write', function () {
  this.timeout(long ? 900_000 : 120_000)
  let rig: Rig
  let env: Record<string, string>
  let create: string[]
  let asItWas: string[]

  before('a host, an image, and a state folder', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    env = { XDG_STATE_HOME: mkdtempSync(join(tmpdir(), 'bay-state-')) }
    const image = join(rig.files, 'image.raw')
    writeFileSync(image, randomBytes(1 << 20))
    create = ['vm', 'create', 'heard', ...small, '--image', image, '--disk', '2M', '--disk', '1M', '--autostart']
    asItWas = await rig.everything()
  })
  after(async () => {
    await rig?.host.down()
    if (env?.['XDG_STATE_HOME']) rmSync(env['XDG_STATE_HOME'], { recursive: true })
  })

  async function nothingIsLeft(when: string): Promise<void> {
    expect(await rig.everything(), when).to.deep.equal(asItWas)
    expect(rig.host.guestPids(), when).to.be.empty
    for (const kind of ['journal', 'locks']) expect(filesIn(join(env['XDG_STATE_HOME'] ?? '', 'bay', kind)), when).to.be.empty
  }

  async function createAndDelete(): Promise<void> {
    for (const args of [create, ['vm', 'delete', '--yes', '--force', 'heard']]) {
      const { code, stderr } = await rig.bay(args, { env })
      expect(code, stderr).to.equal(0)
    }
  }

  for (const signals of long ? [['INT'], ['TERM']] as const : [['INT', 'TERM']] as const) {
    it(`SIG${signals.join(' and SIG')}: 130 or 143, nothing is left, and a second run succeeds`, async () => {
      const seen: string[] = []
      for (let write = 1, over = false; !over; write += 1) {
        const signal = signals[write % signals.length] ?? 'INT'
        for (const when of long ? ['-', '+'] : ['+']) {
          const point = `${signal}:${write}${when}`
          const ended = await rig.bay(create, { env: { ...env, BAY_TEST_KILL_AT: point } })
          seen.push(`${write}${when} ${ended.code}`)
          over = ended.code === 0
          // Once all is made, and that is written down, there is nothing more to interrupt.
          if (over) await rig.does('vm', 'delete', '--yes', '--force', 'heard')
          else expect(ended, `${point}: ${ended.stderr}`).to.include({ code: codes[signal], stdout: '' })
          await nothingIsLeft(`${point}: ${ended.stderr}`)
          if (long && !over) await createAndDelete()
          if (over) break
        }
      }
      process.stdout.write(`      ${seen.join(', ')}\n`)
      await createAndDelete()
      await nothingIsLeft('after the second run')
      // Five steps, each planned and done, and the end.
      expect(seen.length).to.be.at.least(long ? 20 : 10)
    })
  }
})

const small = ['--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--network', 'none', '--graphics', 'none']

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
