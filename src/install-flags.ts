import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import type { PasswordHashes } from './guest-flags.js'
import { readSshKeys } from './provision/cloud-init/ssh-keys.js'
import { readPasswordFile } from './provision/password.js'
import type { MachineSettings } from './provision/profile-apply.js'
import type { LinuxInstaller, WindowsInstall, WindowsInstaller } from './provision/unattended/spec.js'
import type { NewInstall, NewVmSource } from './virt/ops/new-vm.js'

const needsIt = { dependsOn: ['unattended'] }

/** How the system is installed from its vendor's disc. Who is to use it, guest-flags.ts says. */
export const installFlags = {
  'unattended': Flags.boolean({ description: 'the installer of --iso asks nothing: --os and the flags for the guest answer it, and its end is waited for' }),
  'product-key-file': Flags.string({ ...needsIt, helpValue: 'FILE', description: 'the product key of Windows: a file of mode 0600, or - for standard input' }),
  'edition': Flags.string({ ...needsIt, helpValue: 'NAME|NUMBER', description: 'which edition of the Windows on the disc, such as "Windows 11 Pro"' }),
  'drivers': Flags.string({ ...needsIt, helpValue: 'FILE', description: 'the disc of virtio-win, so that Windows has a virtio disk and network; a path on the host, or POOL/NAME' }),
}

interface InstallFlagValues {
  'unattended': boolean
  'product-key-file'?: string
  'edition'?: string
  'drivers'?: string
  'hostname'?: string
  'password-file'?: string
  'ssh-key'?: string[]
  'user-data'?: string
  'no-start': boolean
}

interface About {
  source: NewVmSource
  hashes: PasswordHashes
  settings: Pick<MachineSettings, 'os' | 'user' | 'packages' | 'run' | 'timezone'>
}

/** What the installer is told; undefined without --unattended. Files are read. @throws UsageError for what is missing or in vain */
export async function installFrom(flags: InstallFlagValues, { source, settings, hashes }: About): Promise<NewInstall | undefined> {
  if (!flags.unattended) return undefined
  const { os, user, run: runCommands, packages } = settings
  if (source.kind !== 'iso') throw new UsageError('--unattended: what is there to be installed?', '--iso FILE, the installer\'s disc')
  if (flags['no-start']) throw new UsageError('--unattended: what is not started is not installed', '--wait none instead of --no-start')
  if (flags['user-data'] !== undefined) throw new UsageError('--user-data is for images with cloud-init, not for installers', '--run COMMAND')
  const installer = installerOf(os)
  if (user === undefined) throw new UsageError('--unattended: who shall be able to log in?', '--user NAME with --password-file FILE or --ssh-key FILE')
  const common = { user, runCommands, locale: 'en_US.UTF-8', keyboard: 'us', timezone: settings.timezone ?? 'UTC' }
  const { hostname, 'password-file': file, 'product-key-file': keyFile } = flags
  if (isWindows(installer)) {
    if (flags['ssh-key'] || packages.length > 0) throw new UsageError('Windows takes no SSH keys and no packages', '--run COMMAND can do both')
    if (file === undefined) throw new UsageError(`--unattended: Windows needs a password for ${user}`, '--password-file FILE')
    if (file === '-' && keyFile === '-') throw new UsageError('password and product key cannot both be on standard input', 'give one of them as a file')
    const password = await readPasswordFile(file)
    const productKey = keyFile === undefined ? undefined : await readPasswordFile(keyFile, 'product key')
    const answers = { ...common, os: installer, password, productKey, image: editionOf(flags.edition) }
    return { answers, hostname, drivers: flags.drivers }
  }
  refuseWindowsFlags(flags, os)
  const sshKeys = await readSshKeys(flags['ssh-key'] ?? [])
  if (file === undefined && sshKeys.length === 0) throw new UsageError(`--unattended: how shall ${user} log in?`, '--password-file FILE', '--ssh-key FILE')
  const passwordHash = file === undefined ? undefined : await hashes.of(file)
  return { answers: { ...common, os: installer, passwordHash, sshKeys, packages }, hostname }
}

const installers = ['ubuntu', 'debian', 'fedora', 'rhel', 'windows-10', 'windows-11', 'windows-server'] as const satisfies (LinuxInstaller | WindowsInstaller)[]

function installerOf(os: string): LinuxInstaller | WindowsInstaller {
  const found = installers.find((each) => each === os)
  if (found) return found
  const which = os === 'windows' ? 'which Windows is on the disc?' : os === 'linux' ? 'what is on the disc?' : `how ${os} is installed without questions is not known here`
  throw new UsageError(`--unattended: ${which}`, `--os ${installers.filter((each) => os !== 'windows' || isWindows(each)).join('|')}`)
}

function isWindows(installer: LinuxInstaller | WindowsInstaller): installer is WindowsInstaller {
  return installer.startsWith('windows-')
}

/** A number, as wiminfo counts them, or a name. */
function editionOf(edition: string | undefined): WindowsInstall['image'] {
  if (edition === undefined) return undefined
  return /^\d+$/.test(edition) ? { index: Number(edition) } : { name: edition }
}

function refuseWindowsFlags(flags: InstallFlagValues, os: string): void {
  for (const name of ['product-key-file', 'edition', 'drivers'] as const) {
    if (flags[name] !== undefined) throw new UsageError(`--${name} is for Windows, not for ${os}`)
  }
}
