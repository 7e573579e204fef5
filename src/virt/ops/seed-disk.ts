import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cloudInitFiles, hostnameFor, type CloudInitFiles } from '../../provision/cloud-init/files.js'
import type { CloudInitSpec } from '../../provision/cloud-init/spec.js'
import { seedIso } from '../../provision/iso.js'
import { withInstallFiles } from './install-files.js'
import type { NewGuest } from './new-vm.js'
import type { PlannedImage } from './plan-image.js'
import type { VmPlan } from './plan-vm.js'
import { inPrivateFolder } from './private-folder.js'

/**
 * Gives `work` the plan with the seed's content in it, or that of what an installer needs: files in a private folder, which
 * is gone afterwards.
 * A plan without a guest to set up stays as it is.
 */
export async function withSeed<T>(plan: VmPlan, signal: AbortSignal, work: (plan: VmPlan) => Promise<T>): Promise<T> {
  const { guest, name } = plan.request
  if (plan.install) return withInstallFiles(plan, plan.install, signal, work)
  if (!guest) return work(plan)
  const spec = { ...specOf(guest, name, plan.uuid), network: plan.address?.guest ?? undefined }
  return withSeedIso(cloudInitFiles(spec), signal, (image) => work({
    ...plan, disks: plan.disks.map((disk) => disk.seed ? { ...disk, capacity: image.capacity, image } : disk),
  }))
}

/** Gives `work` the disc with these files: an image in a private folder, which is gone afterwards. */
export async function withSeedIso<T>(
  files: CloudInitFiles, signal: AbortSignal, work: (image: PlannedImage) => Promise<T>,
): Promise<T> {
  return inPrivateFolder(async (folder) => {
    const path = join(folder, 'seed.iso')
    await seedIso(files, path, { signal })
    const { size } = await stat(path)
    return work({
      from: 'file', file: { path, format: 'raw', length: size, capacity: size }, linked: false, format: 'raw', capacity: size, allocation: size, path,
    })
  })
}

/** A machine's UUID is its first instance: another machine's cloud-init begins anew, this one's does not. */
export function specOf(guest: NewGuest, name: string, uuid: string): CloudInitSpec {
  const { user, passwordHash, sshKeys, packages, run, timezone } = guest
  return {
    instanceId: uuid, hostname: guest.hostname ?? hostnameFor(name), packages, runCommands: run, timezone,
    users: user === undefined ? [] : [{ name: user, passwordHash, sshKeys, sudo: true, shell: '/bin/bash' }],
    ...(user === undefined ? { sshKeys } : {}), extraUserData: guest.userData,
  }
}
