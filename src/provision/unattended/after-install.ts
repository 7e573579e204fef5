import type { AfterInstall, AfterStep, DuringInstall, InstallSpec, Unattended } from './spec.js'

/** How the machine is run while it is installed. */
export function duringInstall(spec: InstallSpec, how: Unattended['how'], kernel: boolean): DuringInstall {
  const windows = isWindows(spec)
  const answers = how.kind === 'cd' ? ['answers'] as const : []
  return {
    boot: kernel ? ['kernel'] : ['disk', 'installer'],
    restarts: windows,
    // BIOS discs ask only when the disk could boot, and it is empty; UEFI discs always ask.
    pressKey: windows && spec.firmware === 'uefi',
    discs: windows && spec.virtioDrivers ? [...answers, 'drivers'] : answers,
  }
}

/** What is done when the machine has turned itself off: secrets go before it starts again. */
export function afterInstall(during: DuringInstall, how: Unattended['how']): AfterInstall {
  const kernel = during.boot.includes('kernel')
  const steps: AfterStep[] = [
    ...kernel ? [{ do: 'remove-kernel' } as const] : [],
    { do: 'boot-from-disk' },
    { do: 'eject', what: 'installer' },
    ...during.discs.map((what): AfterStep => ({ do: 'eject', what })),
    ...how.kind === 'cd' ? [{ do: 'delete', what: 'answers' } as const] : [],
    ...kernel ? [{ do: 'delete', what: 'kernel' }, { do: 'delete', what: 'initrd' }] as const : [],
    { do: 'start' },
  ]
  return { ends: 'off', steps }
}

function isWindows(spec: InstallSpec): spec is Extract<InstallSpec, { password: unknown }> {
  return spec.os.startsWith('windows-')
}
