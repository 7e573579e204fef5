import { statfs } from 'node:fs/promises'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { formatSize } from '../../units.js'
import type { PlannedPool } from './plan-pools.js'

/** What a disk takes of its pool; bytes. */
export interface Space {
  capacity: number
  image?: { linked: boolean, allocation: number }
}

/**
 * Refuses disks that their pool has no room for as they are made; gives a note when it is less than they may grow to.
 * `ownHost` says that the pool's folder can be asked, which knows what was removed since libvirt looked; `whose` is for people.
 * @throws BayError `failed`
 */
export async function checkSpace(
  { pool, folder, holdsFiles, available }: PlannedPool, disks: readonly Space[], { ownHost, whose = 'the disks' }: { ownHost: boolean, whose?: string },
): Promise<string | undefined> {
  const [now, most] = [sum(disks, (disk) => takenAtOnce(disk, holdsFiles)), sum(disks, ({ capacity }) => capacity)]
  if (available === null || most <= available) return undefined
  const room = ownHost && holdsFiles ? Math.max(available, await free(folder)) : available
  if (now > room) {
    throw new BayError('failed', `the pool ${pool} has ${formatSize(room)} left, and ${whose} take ${formatSize(now)} at once`, {
      hints: ['bay gc lists what no machine uses', sh`bay pool refresh ${pool}, if room was made since`, '--disk SIZE,pool=OTHER'],
    })
  }
  return most <= room ? undefined : `${whose} may grow to ${formatSize(most)}, and the pool ${pool} has ${formatSize(room)} left`
}

/** Empty files and layers take next to nothing, a copy what its image has; what is no file takes all of it. */
function takenAtOnce({ capacity, image }: Space, holdsFiles: boolean): number {
  if (!holdsFiles) return capacity
  return image === undefined || image.linked ? 0 : image.allocation
}

async function free(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    // Then what libvirt knows must do.
    return 0
  }
}

function sum<T>(list: readonly T[], value: (each: T) => number): number {
  return list.reduce((total, each) => total + value(each), 0)
}
