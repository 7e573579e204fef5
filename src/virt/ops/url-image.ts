import { parseUrl } from '../../provision/download.js'
import type { Connection } from '../connection.js'
import { addImage, planAddImage } from './add-image.js'
import type { SourceOptions } from './add-image-source.js'
import { isUrl } from './image-name.js'
import { digest } from './image-name-lock.js'
import type { NewVm } from './new-vm.js'
import { PlanPools } from './plan-pools.js'
import { planVm, type PlanOptions, type VmPlan } from './plan-vm.js'

/**
 * Plans a machine. An image that is a URL is first added to the pool of the system disk, where the next machine of that URL
 * finds it; it stays when the machine cannot be made. Nothing is downloaded for a machine that cannot be made anyway, or in a
 * dry run: null means that the image is not there yet, and no more can be told. @throws as `planVm` and `addImage`
 */
export async function planWithImage(
  connection: Connection, request: NewVm, { dryRun, mayStart, ...options }: SourceOptions & PlanOptions & { dryRun: boolean },
): Promise<VmPlan | null> {
  const { source, disks } = request
  if (source.kind !== 'image' || !isUrl(source.image)) return planVm(connection, request, { mayStart })
  const image = { name: urlImageName(source.image), from: source.image, existing: 'keep' } as const
  using pools = new PlanPools(connection)
  const pool = pools.choose(disks[0]?.pool).handle
  const { changed: missing } = await planAddImage(connection, pool, image, options)
  if (missing) {
    await planVm(connection, { ...request, source: { kind: 'empty' } }, { mayStart })
    if (dryRun) return null
    await addImage(connection, pool, image, options)
  }
  return await planVm(connection, { ...request, source: { ...source, image: `${pool.name()}/${image.name}` } }, { mayStart })
}

/** What the URL calls the image, and some digits that tell it from others of that name. Users and passwords do not count. */
export function urlImageName(text: string): string {
  const url = parseUrl(text)
  url.username = url.password = url.hash = ''
  const last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1).replace(/\.(qcow2|img|raw)$/i, '')
  const plain = last.replaceAll(/%[0-9a-f]{2}|[^A-Za-z0-9_.+-]+/gi, '-').replace(/^[^A-Za-z0-9_]+/, '').slice(0, 48)
  return `${plain || 'image'}-${digest(url.href).slice(0, 8)}`
}
