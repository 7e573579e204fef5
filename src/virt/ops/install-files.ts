import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageFile } from '../../provision/image-file.js'
import { makeIso } from '../../provision/iso.js'
import { appendToInitrd } from '../../provision/unattended/cpio.js'
import { kernelsOnIso } from '../../provision/unattended/kernels.js'
import type { PlannedDisk } from './plan-disks.js'
import type { PlannedInstall } from './plan-install.js'
import type { VmPlan } from './plan-vm.js'
import { inPrivateFolder } from './private-folder.js'

/**
 * Gives `work` the plan with the content of what its installer needs: the answers on a disc or behind the initrd, and the
 * kernel, in a private folder, which is gone afterwards.
 * @throws UsageError when the installer's disc is none, or is not of the system that was named
 */
export async function withInstallFiles<T>(
  plan: VmPlan, { answers, iso }: PlannedInstall, signal: AbortSignal, work: (plan: VmPlan) => Promise<T>,
): Promise<T> {
  return inPrivateFolder(async (folder) => {
    const made: { [role in NonNullable<PlannedDisk['install']>]?: string } = {}
    if (answers.kernel) Object.assign(made, await kernelsOnIso(iso, answers.kernel.paths, folder, { signal }))
    if (answers.how.kind === 'cd') await makeIso(answers.how.label, answers.files, made.answers = join(folder, 'answers.iso'), { signal })
    else if (made.initrd !== undefined) await appendToInitrd(made.initrd, answers.files)
    const disks: PlannedDisk[] = []
    for (const disk of plan.disks) {
      const path = disk.install && made[disk.install]
      disks.push(path === undefined ? disk : await filled(disk, path))
    }
    return work({ ...plan, disks })
  })
}

async function filled(disk: PlannedDisk, path: string): Promise<PlannedDisk> {
  const { size } = await stat(path)
  const file: ImageFile = { path, format: 'raw', length: size, capacity: size }
  return { ...disk, capacity: size, image: { from: 'file', file, linked: false, format: 'raw', capacity: size, allocation: size, path } }
}
