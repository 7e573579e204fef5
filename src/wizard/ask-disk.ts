import { UsageError } from '../errors.js'
import { choose, input } from '../output/ask.js'
import type { MachineSettings } from '../provision/profile-apply.js'
import { formatSize, parseSize } from '../units.js'
import type { Connection } from '../virt/connection.js'
import { isUrl } from '../virt/ops/image-name.js'
import { listPools } from '../virt/ops/list-pools.js'
import { planImage } from '../virt/ops/plan-image.js'
import { parseDisk } from '../vm-flags.js'
import type { Answers } from './answers.js'
import { poolChoices } from './choices.js'
import { faultOf } from './fault.js'

/** What an answer means that asks for no disk. */
const none = 'none'

/** The system disk's size and its pool, unless --disk said so. */
export async function askDisk(host: Connection, answers: Answers, { disks: [ofProfile] = [] }: MachineSettings): Promise<void> {
  if (answers.has('disk')) return
  const image = answers.value('image')
  const unseen = image !== undefined && isUrl(image)
  const least = image === undefined || unseen ? 0 : (await planImage(host, image, answers.has('linked'))).capacity
  const usual = answers.has('kernel') && !ofProfile ? undefined : Math.max(ofProfile?.size ?? 0, least) || 20 * 2 ** 30
  const standard = usual === undefined ? none : exactSize(usual)
  const size = await input(usual === undefined ? 'Disk, such as 20G' : 'Disk', {
    default: standard, check: (text) => text === standard ? undefined : faultOf(() => checkSize(text, least)),
  })
  if (size === none) return
  const pool = await askPool(host, ofProfile?.pool)
  if (pool !== undefined) answers.say('disk', `${size},pool=${pool}`)
  // The profile's disk need not be said again; an image's own size is what it has anyway.
  else if (size !== standard || unseen) answers.say('disk', size)
}

/** The pool, unless it is the one that is taken anyway. */
async function askPool(host: Connection, ofProfile: string | undefined): Promise<string | undefined> {
  const pools = listPools(host).filter(({ state }) => state === 'running')
  const [first] = pools
  const taken = ofProfile ?? (pools.length === 1 ? first?.name : pools.find(({ name }) => name === 'default')?.name)
  if (pools.length < 2) return undefined
  const picked = await choose('The disk\'s pool', poolChoices(pools), { start: taken })
  return picked === taken ? undefined : picked
}

/** As people write it where that is exact, such as `20G`. */
export function exactSize(bytes: number): string {
  const text = formatSize(bytes)
  return parseSize(text) === bytes ? text : `${bytes}B`
}

function checkSize(text: string, least: number): void {
  if (parseDisk(text).size < least) throw new UsageError(`the image has ${exactSize(least)} already`)
}
