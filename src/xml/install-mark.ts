import { putSource } from './domain-disks.js'
import { localName } from './metadata.js'
import { el, parse, serialize } from './node.js'
import type { XmlElement } from './node.js'
import { attr, children, all, child, upsert } from './tree.js'

/** The namespace of the mark of a machine whose system is not installed yet, in its `<metadata>`. */
export const installNamespace = 'urn:bay:install:1'

/**
 * All that distinguishes a machine that is being installed from what it is afterwards. The definition is that of afterwards:
 * whoever starts the machine starts what is on its disk, and nobody installs it a second time by accident.
 */
export interface InstallMark {
  /** a kernel of the host's; undefined where the installer's disc boots by itself */
  kernel?: { kernel: string, initrd: string, cmdline: string }
  /** whether the installer restarts the machine; otherwise a restart ends it, for it would install once more */
  restarts: boolean
  /** what lies in the drives, by their targets, and nowhere else */
  discs: readonly { target: string, path: string }[]
  /** what was made for the install and goes with it; secret */
  volumes: readonly { pool: string, poolUuid: string, name: string }[]
  /** it starts with its host once it is installed */
  autostart: boolean
}

/** The mark as an element of `<metadata>`. */
export function installElement({ kernel, restarts, discs, volumes, autostart }: InstallMark): XmlElement {
  return el('bayinstall:install', { 'xmlns:bayinstall': installNamespace, restarts, autostart, ...kernel },
    ...discs.map((disc) => el('bayinstall:disc', disc)),
    ...volumes.map((volume) => el('bayinstall:volume', volume)),
  )
}

/** Reads the mark, as virDomainGetMetadata gives it. */
export function readInstallMark(xml: string): InstallMark {
  const root = parse(xml)
  const those = (name: string) => children(root).filter((element) => localName(element) === name)
  const text = (element: XmlElement, name: string) => attr(element, name) ?? ''
  return {
    ...attr(root, 'kernel') === undefined ? {} : { kernel: { kernel: text(root, 'kernel'), initrd: text(root, 'initrd'), cmdline: text(root, 'cmdline') } },
    restarts: attr(root, 'restarts') === 'yes',
    autostart: attr(root, 'autostart') === 'yes',
    discs: those('disc').map((disc) => ({ target: text(disc, 'target'), path: text(disc, 'path') })),
    volumes: those('volume').map((volume) => ({ pool: text(volume, 'pool'), poolUuid: text(volume, 'poolUuid'), name: text(volume, 'name') })),
  }
}

/** The document of a machine as it is installed, out of its definition: every address in it stays. */
export function installDocument(definition: string, { kernel, restarts, discs }: InstallMark): string {
  const root = parse(definition)
  if (kernel) {
    upsert(root, 'os/kernel', {}, kernel.kernel)
    upsert(root, 'os/initrd', {}, kernel.initrd)
    upsert(root, 'os/cmdline', {}, kernel.cmdline)
  }
  if (!restarts) upsert(root, 'on_reboot', {}, 'destroy')
  for (const { target, path } of discs) {
    const drive = all(root, 'devices/disk').find((disk) => attr(child(disk, 'target'), 'dev') === target)
    if (drive) putSource(drive, path)
  }
  return serialize(root)
}
