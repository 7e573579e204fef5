import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { parse, serialize } from '../../xml/node.js'
import { placeText, putSeed, writeSeedMark, type SeedPlace } from '../../xml/seed-mark.js'
import type { Connection } from '../connection.js'
import { redefine, storedDefinition } from './change-definition.js'
import { createDisk } from './create-vm.js'
import type { Domain } from '../domain.js'
import { lockName } from './host-lock.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import type { NewGuest } from './new-vm.js'
import { deleteOldSeeds, type OldSeeds } from './old-seeds.js'
import { oldNetwork, planSeed, type SeedPlan } from './plan-seed.js'
import { Rollback } from './rollback.js'
import { withSeedIso } from './seed-disk.js'
import { startVm } from './start-vm.js'
import { stopVm } from './stop-vm.js'

export interface SeedOptions {
  dryRun: boolean
  /** stop the machine and start it, so that its guest reads the seed now */
  restart?: boolean
  /** milliseconds to wait for the guest to go down */
  timeout?: number
  /** hears of each step as it begins */
  report: (step: string) => void
  note: (text: string) => void
}

export interface SeededVm extends OldSeeds {
  uuid: string
  /** null in a dry run: its name is chosen when it is made */
  volume: SeedPlace | null
  /** whether the machine was started with it */
  applied: boolean
}

/**
 * Gives a machine a new seed, as a new instance, so that cloud-init begins anew when it reads it: at the machine's next start.
 * It is a volume of its own: QEMU holds the old one open until the machine is off, and only then is that deleted. Killed or
 * interrupted, the machine has the old seed or the new one.
 * @throws UsageError, BayError `wrong-state`; with `restart` also `timeout`, and then the seed waits for the next start
 */
export async function seedVm(connection: Connection, domain: Domain, guest: NewGuest, options: SeedOptions): Promise<SeededVm> {
  const { dryRun, restart = false, report } = options
  const uuid = domain.uuid()
  if (dryRun) {
    refuseSaved(domain, options)
    planSeed(connection, domain, guest)
    return { uuid, volume: null, applied: false, deleted: [], kept: [] }
  }
  using _lock = await lockName(connection.uri(), 'vm', domain.name())
  refuseSaved(domain, options)
  const plan = planSeed(connection, domain, guest)
  await interruptible((signal) => replaceSeed(connection, domain, plan, { ...options, signal }))
  if (restart) await stopToApply(connection, domain, options)
  const old = await deleteOldSeeds(connection, domain)
  if (restart) {
    report('starting it')
    await startVm(connection, domain, { dryRun })
  }
  return { uuid, volume: plan.next, applied: restart, ...old }
}

/** A saved run goes on with the disc that it had. */
function refuseSaved(domain: Domain, { restart }: SeedOptions): void {
  if (!restart || !domain.hasSavedState()) return
  const name = domain.name()
  throw new BayError('wrong-state', `${name} is saved: started now, it goes on with the disc that it had`, {
    hints: [sh`bay vm start ${name}, and then this again`, 'without --restart the seed waits for the start after that'],
  })
}

async function replaceSeed(
  connection: Connection, domain: Domain, plan: SeedPlan, { signal, report, note }: SeedOptions & { signal: AbortSignal },
): Promise<void> {
  const { name, mark, next } = plan
  const networkConfig = oldNetwork(connection, mark)
  if (networkConfig === null && plan.address !== null) {
    note(`the old seed is gone, so the guest is no longer told its address ${plan.address}: it asks by DHCP`)
  }
  const before = storedDefinition(domain)
  using journal = journalFor(connection, { command: 'vm seed', name })
  await using rollback = new Rollback(signal, journal)
  report(`creating the volume ${placeText(next)}`)
  const path = await withSeedIso({ ...plan.files, networkConfig }, signal, (image) => createDisk(connection, {
    ...next, capacity: image.capacity, format: 'raw', bus: 'virtio', path: '', image, seed: true,
  }, rollback, signal))
  report(`defining the machine ${name}`)
  const root = parse(before)
  putSeed(root, mark.seed, path)
  writeSeedMark(root, { seed: next, before: [...mark.before, ...mark.seed === null ? [] : [mark.seed]] })
  await rollback.step(() => { redefine(connection, domain, serialize(root), { command: 'vm seed', before })[Symbol.dispose]() }, () => ({
    leaves: `the new definition of ${name}`, removeBy: sh`bay vm seed ${name}, once more`,
    undo: () => { connection.defineDomain(before)[Symbol.dispose]() },
  }))
  rollback.keep()
}

async function stopToApply(connection: Connection, domain: Domain, { timeout, report }: SeedOptions): Promise<void> {
  report('stopping it')
  try {
    await stopVm(connection, domain, { dryRun: false, timeout })
  } catch (error) {
    if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
    throw new BayError(error.code, `${error.message}; it has the new seed, and reads it at its next start`, { hints: error.hints, cause: error })
  }
}
