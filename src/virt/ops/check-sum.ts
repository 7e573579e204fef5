import { BayError, UsageError } from '../../errors.js'
import { Findings } from '../../findings.js'
import { formatSize } from '../../units.js'
import type { Connection } from '../connection.js'
import { checkSpace, type Space } from './check-pool-space.js'
import { isUrl } from './image-name.js'
import { isInProcess } from './in-process.js'
import type { NewVm } from './new-vm.js'
import { isOwnHost } from './own-host.js'
import { disksOf } from './plan-disks.js'
import { planImage, type PlannedImage } from './plan-image.js'
import { PlanPools } from './plan-pools.js'
import { hasMachine } from './unless-made.js'
import { urlImageName } from './url-image.js'

/**
 * Judges machines together that one run makes, for each of them may fit where all do not. Only looks, and gives notes; what is
 * wrong with one of them is told when its turn comes.
 * @throws UsageError when they take more memory than the host has, BayError `failed` when a pool has no room; FindingsError
 */
export async function checkSum(connection: Connection, requests: readonly NewVm[]): Promise<string[]> {
  if (requests.length < 2) return []
  const missing = requests.filter(({ name }) => !hasMachine(connection, name))
  const findings = new Findings()
  const memory = findings.look(() => checkMemory(connection, missing.filter(({ start }) => start)))
  const room = await findings.wait(() => checkRoom(connection, missing))
  findings.end()
  return [...memory.value, ...room.value]
}

/** What a driver without machines of its own says of memory is made up. */
function checkMemory(connection: Connection, starting: readonly NewVm[]): string[] {
  const stats = isInProcess(connection.uri()) ? null : connection.memoryStats()
  const sum = starting.reduce((total, { memory }) => total + memory, 0)
  if (stats === null || starting.length < 2 || sum <= stats.free) return []
  const what = `${starting.length} machines take ${formatSize(sum)} of memory together`
  if (sum <= stats.total) return [`${what}, and ${formatSize(stats.free)} of the host's are free now: the host may swap`]
  throw new UsageError(`${what}, and the host has ${formatSize(stats.total)}`, 'give each less, make fewer, or do not start them: --no-start')
}

async function checkRoom(connection: Connection, requests: readonly NewVm[]): Promise<string[]> {
  using pools = new PlanPools(connection)
  const images = new Images(connection, pools)
  const wanted = new Map<string, Space[]>()
  for (const vm of requests) {
    const image = await images.of(vm)
    for (const [index, { size, pool: name }] of disksOf(vm, image).entries()) {
      const pool = ignoring(() => pools.choose(name).pool)
      if (pool === undefined) continue
      const space = { capacity: size, ...index === 0 && image && { image } }
      wanted.set(pool, [...wanted.get(pool) ?? [], space])
    }
  }
  const findings = new Findings()
  const whose = `the disks of ${requests.length} machines`
  const notes: string[] = []
  for (const pool of pools.all) {
    const note = await findings.wait(() => checkSpace(pool, wanted.get(pool.pool) ?? [], { ownHost: isOwnHost(connection), whose }))
    notes.push(...note.found === undefined ? [] : [note.found])
  }
  findings.end()
  return notes
}

/** The images of machines, each looked at once. Of one that is not there yet nobody knows how large it is. */
class Images {
  readonly #connection: Connection
  readonly #pools: PlanPools
  readonly #known = new Map<string, PlannedImage | undefined>()

  constructor(connection: Connection, pools: PlanPools) {
    this.#connection = connection
    this.#pools = pools
  }

  async of({ source, disks: [disk] }: NewVm): Promise<PlannedImage | undefined> {
    if (source.kind !== 'image') return undefined
    const pool = disk?.pool
    const key = JSON.stringify([source, pool])
    if (!this.#known.has(key)) this.#known.set(key, await this.#look(source.image, source.linked, pool))
    return this.#known.get(key)
  }

  async #look(image: string, linked: boolean, pool: string | undefined): Promise<PlannedImage | undefined> {
    try {
      const text = isUrl(image) ? `${this.#pools.choose(pool).pool}/${urlImageName(image)}` : image
      return await planImage(this.#connection, text, linked, pool)
    } catch (error) {
      return ignored(error)
    }
  }
}

function ignoring<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    return ignored(error)
  }
}

/** The machine's own plan says it, with its fix. @throws the error of a host that was lost */
function ignored(error: unknown): undefined {
  if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
  return undefined
}
