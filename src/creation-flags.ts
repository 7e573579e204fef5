import * as Flags from '@oclif/core/flags'
import { changeFlags, durationFlag, manyFlags } from './flags.js'
import { conditionChoice } from './virt/ops/wait-condition.js'

/** How machines are made, rather than what they are made of. */
export const creationFlags = {
  ...changeFlags,
  'autostart': Flags.boolean({ description: 'start it with its host' }),
  'no-start': Flags.boolean({ description: 'do not start it' }),
  'wait': Flags.string({
    multiple: true, multipleNonGreedy: true, default: ['running'], helpValue: `${conditionChoice}|none`,
    description: 'what to wait for; repeatable: all of it',
  }),
  'timeout': durationFlag({ helpValue: 'TIME', description: 'how long to wait (default: 5m, with --unattended 2h)' }),
  'if-missing': Flags.boolean({ description: 'leave a machine of that name alone instead of failing' }),
  'count': Flags.integer({ min: 1, max: 1000, helpValue: 'N', description: 'make NAME-1 to NAME-N', exclusive: ['file'] }),
  'file': Flags.string({ char: 'f', helpValue: 'FILE', description: 'make the machines of this YAML or JSON file; - for standard input' }),
  'parallel': manyFlags.parallel,
}
