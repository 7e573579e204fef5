import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../../action.js'
import { deviceFlags, parseNewVolume, saidWhere } from '../../../attach-flags.js'
import { UsageError } from '../../../errors.js'
import { find } from '../../../find.js'
import { nameArg } from '../../../flags.js'
import { diskBuses, diskFormats } from '../../../provision/machine-limits.js'
import { attachDisk } from '../../../virt/ops/attach-disk.js'
import { lockName } from '../../../virt/ops/host-lock.js'
import { interruptible } from '../../../virt/ops/interrupt.js'

export default class VmAttachDisk extends ActionCommand<typeof VmAttachDisk> {
  static override summary = 'Give a virtual machine one more disk'
  static override description = 'A new volume, or one that exists, as the machine runs and as it will start. The same volume again changes '
    + 'nothing. A volume that another machine uses is refused. When libvirt refuses it in one place, it is in neither.'

  static override examples = [
    '<%= config.bin %> vm attach disk web-1 --size 20G',
    '<%= config.bin %> vm attach disk web-1 --size 100G,pool=fast,name=web-data.qcow2 --serial data',
    '<%= config.bin %> vm attach disk web-1 default/data.qcow2 --bus scsi',
    '<%= config.bin %> vm attach disk web-1 /dev/vg/data --readonly --next-start',
  ]

  static override args = { ...nameArg('vm'), volume: Args.string({ description: 'the volume as POOL/NAME, or a path on the host' }) }

  static override flags = {
    ...deviceFlags,
    size: Flags.string({ helpValue: 'SIZE[,pool=P][,format=F][,name=V]', description: 'make a new volume' }),
    format: Flags.option({ options: diskFormats, description: 'the format of a file that is in no pool, else libvirt says it; raw for the bytes as they are' })(),
    bus: Flags.option({ options: diskBuses, description: 'the bus (default: that of the machine\'s first disk, or virtio)' })(),
    target: Flags.string({ helpValue: 'NAME', description: 'its name in the machine, such as vdb (default: the next one)' }),
    readonly: Flags.boolean({ description: 'the machine cannot write it' }),
    shareable: Flags.boolean({ description: 'also when others use it; its file system must be made for that' }),
    cache: Flags.option({ options: ['none', 'writeback', 'writethrough', 'directsync', 'unsafe'] as const, description: 'how the host caches it' })(),
    serial: Flags.string({ helpValue: 'TEXT', description: 'its serial number, by which the guest finds it' }),
  }

  async run(): Promise<ActionResult> {
    const { args: { volume }, flags: { size, bus, target, readonly, shareable, cache, serial, format } } = this
    if ((volume === undefined) === (size === undefined)) throw new UsageError('give either a volume or --size', '--size 20G', 'POOL/NAME: bay vol list')
    if (serial !== undefined && !/^[A-Za-z0-9_.+-]{1,20}$/.test(serial)) throw new UsageError(`--serial ${serial}: 1 to 20 of A-Z a-z 0-9 _ . + -`)
    const source = size === undefined ? { use: volume ?? '', format } : { make: parseNewVolume(size) }
    const wanted = { source, bus, target, readonly, shareable, cache, serial }
    return this.actOnOne({ action: 'attach', kind: 'vm' }, this.args.name, async (name, host) => {
      using _lock = this.dryRun ? null : await lockName(host.uri(), 'vm', name)
      using domain = find.vm(host, name)
      const attached = await interruptible((signal) => attachDisk(host, domain, wanted, {
        nextStart: this.flags['next-start'], dryRun: this.dryRun, signal, report: (step) => this.step(step),
      }))
      const { changed, device, volume: place, path } = attached
      const what = `${place ? `${place.pool}/${place.name}` : path} as ${device?.target}`
      const said = this.dryRun && changed ? `would get ${what}` : `${changed ? 'has' : 'has already'} ${what}, ${device ? saidWhere(device) : ''}`
      return { ...attached, said, volume: place && `${place.pool}/${place.name}` }
    })
  }
}
