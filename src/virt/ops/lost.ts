import { BayError } from '../../errors.js'
import { VirtError } from '../errors.js'

/** Whether the host was lost, so that nobody can tell what it still did. */
export function isLoss(error: unknown): boolean {
  return error instanceof BayError && error.code === 'cannot-connect'
}

/** Whether libvirt itself said no, so that nothing was done. */
export function isRefusal(error: unknown): boolean {
  return error instanceof VirtError && !isLoss(error)
}
