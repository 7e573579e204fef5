import * as Args from '@oclif/core/args'
import { parseVolumeName } from './find.js'
import { volumeArg } from './flags.js'
import { checkName } from './names.js'

/** What is copied, and where to. */
export const copyArgs = {
  ...volumeArg, copy: Args.string({ required: true, description: 'the new volume, as POOL/NAME, or as NAME in the same pool' }),
}

/** The parts of the new volume's name. @throws UsageError for a name that no volume may have */
export function newVolumeName(text: string, samePool: string): { pool: string, name: string } {
  const parts = text.includes('/') ? parseVolumeName(text) : { pool: samePool, name: text }
  return { ...parts, name: checkName('vol', parts.name) }
}
