import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError } from '../../errors.js'
import { findRunningPool, findVolume, parseVolumeName } from '../../find.js'
import { changeFlags, ifMissingFlag, sizeFlag, volumeArg } from '../../flags.js'
import { checkName } from '../../names.js'
import { readPasswordFile, Secret } from '../../provision/password.js'
import { randomPassword } from '../../secret-file.js'
import { sh } from '../../shell.js'
import { createVolume } from '../../virt/ops/create-volume.js'
import { existing } from '../../virt/ops/define.js'
import { preallocations } from '../../virt/ops/volume-extras.js'

export default class VolCreate extends ActionCommand<typeof VolCreate> {
  static override summary = 'Create a storage volume'
  static override description = 'An empty one, or with --backing a layer that keeps only what differs from another volume. It takes room as it is '
    + 'written, except on block devices. While the pool is busy with something else it waits, up to 30 s.'

  static override examples = [
    '<%= config.bin %> vol create default/data.qcow2 --size 20G',
    '<%= config.bin %> vol create default/web-1.qcow2 --backing default/debian-12.qcow2',
    '<%= config.bin %> vol create default/safe.qcow2 --size 20G --encrypt --passphrase-file pass',
    '<%= config.bin %> vol create default/raw.img --size 512M --format raw --if-missing',
  ]

  static override args = volumeArg
  static override flags = {
    ...changeFlags,
    'size': sizeFlag({ helpValue: 'SIZE', description: 'such as 512M or 20G (default: that of the backing volume)' }),
    'format': Flags.option({ options: ['qcow2', 'raw'] as const, description: 'the format (default: qcow2, raw on block devices)' })(),
    'backing': Flags.string({ helpValue: 'POOL/NAME', description: 'the volume that it is a layer over' }),
    'preallocation': Flags.option({
      options: preallocations, default: 'off', helpValue: preallocations.join('|'),
      description: 'what of its room a file takes at once: that of its tables, all, or all filled with zeros',
    })(),
    'encrypt': Flags.boolean({ description: 'encrypt it with LUKS; libvirt keeps the passphrase, a random one unless told' }),
    'passphrase-file': Flags.string({
      helpValue: 'FILE', dependsOn: ['encrypt'], description: 'the passphrase: the first line of this file, mode 0600; - for standard input',
    }),
    'if-missing': ifMissingFlag,
  }

  async run(): Promise<ActionResult> {
    const { size, format, backing, preallocation } = this.flags
    const { pool: poolName, name } = parseVolumeName(this.args.name)
    checkName('vol', name)
    const wanted = { name, size, format, preallocation, passphrase: await this.passphrase() }
    return this.actOnOne({ action: 'create', kind: 'vol' }, this.args.name, async (fullName, host) => {
      using pool = findRunningPool(host, poolName)
      using old = existing({ find: (each) => pool.volume(each) }, name)
      if (old && this.flags['if-missing']) return { changed: false, said: 'exists already' }
      if (old) throw new BayError('exists', `there is a volume ${fullName} already`, { hints: [sh`bay vol show ${fullName}`, 'give another name, or --if-missing'] })
      using base = backing === undefined ? null : findVolume(host, backing)
      return { ...await createVolume(host, pool, wanted, base?.volume ?? null, { dryRun: this.dryRun }) }
    })
  }

  /** Nobody learns a random one: libvirt does not tell it. */
  private async passphrase(): Promise<Secret | undefined> {
    const { encrypt, 'passphrase-file': file } = this.flags
    if (!encrypt) return undefined
    return file === undefined ? new Secret(randomPassword(32)) : await readPasswordFile(file, 'passphrase')
  }
}
