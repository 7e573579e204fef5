import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ImageFile } from '../../provision/image-file.js'
import { makeIso } from '../../provision/iso.js'
import { appendToInitrd } from '../../provision/unattended/cpio.js'
import { kernelsOnIso } from '../../provision/unattended/kernels.js'
import type { PlannedDisk } from './plan-disks.js'
import type { PlannedInstall } from './plan-install.js'
import type { VmPlan } from './plan-vm.js'

/**
 * Gives `work` the plan with the content of what its installer needs: the answers on a disc or behind the initrd, and the
 * kernel, in a private folder, which is gone afterwards.
 * @throws UsageError when the installer's disc is none, or is not of the system that was named
 */
export async function withInstallFiles<T>(
  plan: VmPlan, { answers, iso }: PlannedInstall, signal: AbortSignal, work: (plan: VmPlan) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bay-install-'))
  try {
    const made: { [role in NonNullable<PlannedDisk['install']>]?: string } = {}
    if (answers.kernel) Object.assign(made, await kernelsOnIso(iso, answers.kernel.paths, folder, { signal }))
    if (answers.how.kind === 'cd') await makeIso(answers.how.label, answers.files, made.answers = join(folder, 'answers.iso'), { signal })
    else if (made.initrd !== undefined) await appendToInitrd(made.initrd, answers.files)
    const disks: PlannedDisk[] = []
    for (const disk of plan.disks) {
      const path = disk.install && made[disk.install]
      disks.push(path === undefined ? disk : await filled(disk, path))
    }
    return await work({ ...plan, disks })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function filled(disk: PlannedDisk, path: string): Promise<PlannedDisk> {
  const { size } = await stat(path)
  const file: ImageFile = { path, format: 'raw', length: size, capacity: size }
  return { ...disk, capacity: size, image: { from: 'file', file, linked: false, format: 'raw', capacity: size, allocation: size, path } }
}
