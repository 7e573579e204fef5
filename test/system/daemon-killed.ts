import { expect } from 'chai'
import type { Rig } from './rig.js'

/** Kills the host's daemon once a run of bay says that text, and brings it back: what bay recover said that then mended it. */
export async function daemonKilledAt(rig: Rig, text: string, args: readonly string[]): Promise<string> {
  const begun = rig.start(args)
  await begun.says(text)
  rig.host.kill('SIGKILL')
  const ended = await begun.done
  await rig.host.restartDaemon()
  expect(ended.code, ended.stderr).to.be.oneOf([6, 9])
  const recovered = await rig.bay(['recover'])
  expect(recovered.code, recovered.stderr).to.equal(0)
  return recovered.stderr
}
