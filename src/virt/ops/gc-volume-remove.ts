import { BayError } from '../../errors.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import type { StoredVolume } from './gc-store.js'
import { imageKey, imageOf } from './image-name.js'
import { isLocked } from './image-name-lock.js'
import { whilePoolIsBusy } from './retry.js'
import { removeVolume } from './volume-secret.js'

/** libvirt never leaves the pool: of a symbolic link the link goes. @throws, when it is run, BayError `busy`; VirtError */
export function volumeRemover({ poolUuid, name }: StoredVolume): (connection: Connection) => Promise<void> {
  return async (connection) => {
    const image = imageOf(name)
    if (image !== undefined && await isLocked(imageKey(poolUuid, image))) {
      throw new BayError('busy', `the image ${image} is just being added`)
    }
    await whilePoolIsBusy(() => {
      using volume = unlessGone(() => {
        using pool = connection.poolByUuid(poolUuid)
        return pool.volume(name)
      }, failure.noPool, failure.noVolume)
      if (volume) removeVolume(connection, volume)
    })
  }
}
