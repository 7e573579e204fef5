import type { Outcome } from './action.js'
import type { VmPlan } from './virt/ops/plan-vm.js'

/** What a dry run tells of a machine; null for one whose image is not there yet. */
export function planned(plan: VmPlan | null): Outcome {
  if (plan === null) {
    return { changed: true, said: 'would be created, once its image is downloaded', uuid: null, disks: null, reservation: null, xml: null }
  }
  const xml = plan.xml([])
  const { uuid, disks, address } = plan
  return { changed: true, said: `would be created as\n${xml}`, uuid, disks, reservation: address?.reservation ?? null, xml }
}
