import { manifestFile } from './backup-manifest.js'
import { encodedName } from './backup-store.js'

/** In a pool each file of a backup is a volume: MACHINE.BACKUP.FILE, such as `web-1.20261123T094418Z.vda.qcow2`. */
export function volumeOf(vm: string, backup: string, file: string): string {
  return `${beginningOf(vm, backup)}.${file}`
}

export function beginningOf(vm: string, backup: string): string {
  return `${encodedName(vm)}.${backup}`
}

/** What a volume's name says of a backup; null for what is none's. */
export function readVolumeName(name: string): { vm: string, backup: string, file: string } | null {
  const [, vm, backup, file] = shape.exec(name) ?? []
  return vm === undefined || backup === undefined || file === undefined ? null : { vm, backup, file }
}

const files = ['domain\\.xml', 'nvram\\.fd', manifestFile.replace('.', '\\.'), '[a-z]+\\.qcow2'].join('|')
const shape = new RegExp(`^(.+)\\.(\\d{8}T\\d{6}Z)\\.(${files})$`, 's')
