import { autoinstallFiles } from './autoinstall.js'
import { checkLinux } from './check-linux.js'
import { checkWindows } from './check-windows.js'
import { kernelPaths } from './kernel-paths.js'
import { kickstart } from './kickstart.js'
import { preseedFiles } from './preseed.js'
import type { DuringInstall, InstallSpec, LinuxInstall, Unattended } from './spec.js'
import { windowsAnswers } from './windows.js'

/**
 * The answers for a vendor's installer, how they reach it, and what is done before and after. The same spec gives the same bytes.
 * @throws UsageError for what the installer could not use, or would take for more than a value
 */
export function answerFor(spec: InstallSpec): Unattended {
  switch (spec.os) {
    case 'windows-10':
    case 'windows-11':
    case 'windows-server':
      checkWindows(spec)
      return whole(spec, new Map([['autounattend.xml', windowsAnswers(spec)]]), { kind: 'cd', label: 'ANSWERS' })
    default:
      checkLinux(spec)
      return linuxAnswers(spec)
  }
}

function linuxAnswers(spec: LinuxInstall): Unattended {
  switch (spec.os) {
    case 'ubuntu':
      return whole(spec, autoinstallFiles(spec), { kind: 'cd', label: 'cidata' }, kernelOf(spec, 'autoinstall'))
    case 'debian':
      // The file is found in the initrd by its name; priority: what it forgets is not asked, but takes its default.
      return whole(spec, preseedFiles(spec), { kind: 'initrd' }, kernelOf(spec, 'auto=true priority=critical'))
    case 'fedora':
    case 'rhel': {
      const files = new Map([['ks.cfg', kickstart(spec)]])
      // https://anaconda-installer.readthedocs.io/en/latest/user-guide/boot-options.html: a disc of that label is looked for.
      if (spec.answersOn === 'cd') return whole(spec, files, { kind: 'cd', label: 'OEMDRV' })
      // Neither inst.repo nor inst.stage2: then the installer looks for its disc by itself.
      return whole(spec, files, { kind: 'initrd' }, kernelOf(spec, 'inst.ks=file:/ks.cfg inst.text'))
    }
  }
}

function kernelOf(spec: LinuxInstall, args: string): Unattended['kernel'] {
  // The last console is the main one.
  const console = spec.arch === 'aarch64' ? 'ttyAMA0' : 'ttyS0'
  return { paths: kernelPaths(spec.os, spec.arch), args: spec.serial ? `${args} console=tty0 console=${console}` : args }
}

function whole(spec: InstallSpec, files: Unattended['files'], how: Unattended['how'], kernel?: Unattended['kernel']): Unattended {
  return { files, how, kernel, during: duringInstall(spec, how) }
}

function duringInstall(spec: InstallSpec, how: Unattended['how']): DuringInstall {
  const windows = 'password' in spec
  const answers = how.kind === 'cd' ? ['answers'] as const : []
  return {
    restarts: windows,
    // BIOS discs ask only when the disk could boot, and it is empty; UEFI discs always ask.
    pressKey: windows && spec.firmware === 'uefi',
    discs: windows && spec.virtioDrivers ? [...answers, 'drivers'] : answers,
  }
}
