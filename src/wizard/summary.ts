import type { WantedMachine } from '../machines-wanted.js'
import { renderDetails, type Field } from '../output/details.js'
import { formatSize } from '../units.js'
import type { NewDisk, NewNic, NewVm, NewVmSource } from '../virt/ops/new-vm.js'

/** What will be made, in some lines for whoever is asked whether it shall be. */
export function summaryOf<F>(wanted: readonly WantedMachine<F>[]): string {
  const [first] = wanted
  if (!first) return ''
  const names = wanted.length === 1 ? first.request.name : `${first.request.name} to ${wanted.at(-1)?.request.name}`
  return renderDetails({ ...first.request, name: names }, fields).trimEnd()
}

const fields: Field<NewVm>[] = [
  { label: 'Name', get: ({ name }) => name },
  { label: 'Boots from', get: ({ source }) => sourceText(source) },
  { label: 'Profile', get: ({ profile }) => profile },
  { label: 'vCPUs', get: ({ vcpus }) => vcpus },
  { label: 'Memory', get: ({ memory }) => formatSize(memory) },
  { label: 'Disks', get: ({ disks, source }) => disks.length > 0 ? disks.map(diskText).join(', ') : withoutDisks[source.kind] },
  { label: 'Interfaces', get: ({ nics }) => nics.map(nicText).join(', ') },
  { label: 'User', get: ({ guest }) => guest?.user },
  { label: 'SSH keys', get: ({ guest }) => guest?.sshKeys.length },
  { label: 'Starts', get: ({ start }) => start ? 'yes' : 'no' },
]

/** What is made when no disk was said. */
const withoutDisks = { image: 'as large as the image', iso: '20G', empty: '20G', kernel: 'none' }

function sourceText(source: NewVmSource): string {
  switch (source.kind) {
    case 'image': return `${source.image}, ${source.linked ? 'linked' : 'copied'}`
    case 'iso': return source.iso
    case 'kernel': return [source.kernel, source.initrd ?? [], source.cmdline ?? []].flat().join(' ')
    case 'empty': return 'an empty disk'
  }
}

function diskText({ size, pool }: NewDisk): string {
  return `${formatSize(size)}${pool === undefined ? '' : ` in ${pool}`}`
}

function nicText({ kind, source }: NewNic): string {
  return source === undefined ? kind : `${kind} ${source}`
}
