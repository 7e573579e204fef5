import type { Interfaces } from '@oclif/core'
import { UsageError } from './errors.js'
import { addressFrom, tellsGuest } from './address-flags.js'
import { guestFlags, guestFrom, PasswordHashes, saysOfGuest } from './guest-flags.js'
import { installFrom, type installFlags } from './install-flags.js'
import { checkName } from './names.js'
import { applyProfile, type MachineSettings } from './provision/profile-apply.js'
import { findProfile } from './provision/profiles.js'
import type { NewGuest, NewVm, NewVmSource } from './virt/ops/new-vm.js'
import { checkMemory, parseDisk, parseNics, parsePciAddresses, sourceFrom, type newVmFlags } from './vm-flags.js'

export type VmFlags = Interfaces.InferredFlags<typeof newVmFlags & typeof guestFlags & typeof installFlags>
  & { 'autostart': boolean, 'no-start': boolean }

/** The machine that the command line asks for: flags over the profile, the profile over the defaults. @throws UsageError */
export async function newVmFrom(name: string, flags: VmFlags, hashes = new PasswordHashes()): Promise<NewVm> {
  checkName('vm', name)
  const source = sourceFrom(flags)
  const profile = flags.profile === undefined ? undefined : await findProfile(flags.profile)
  const { memory, networks, filter, disks = [], ...settings } = applyProfile(profile, {
    vcpus: flags.vcpus, memory: flags.memory === undefined ? undefined : checkMemory(flags.memory), networks: flags.network,
    filter: flags.filter, graphics: flags.graphics, firmware: flags.firmware, secureBoot: flags['secure-boot'], tpm: flags.tpm,
    virt: flags.virt, os: flags.os, packages: flags.package, run: flags.run, user: flags.user,
    autostart: flags.autostart || undefined,
  })
  const install = await installFrom(flags, { source, settings, hashes })
  if (install && (flags.gateway ?? flags.dns)) throw new UsageError('--gateway and --dns: an installer asks the network for them', 'leave them out')
  return {
    ...settings, name, source, memory, disks: flags.disk?.map(parseDisk) ?? disks,
    nics: parseNics(networks, { mac: flags.mac, filter, address: addressFrom(flags) }), gpus: parsePciAddresses(flags.gpu, '--gpu '),
    description: flags.description, start: !flags['no-start'], virtio: settings.virtio ?? (install?.drivers === undefined ? undefined : true),
    guest: install ? undefined : await guestOf(flags, source, settings, hashes), install,
  }
}

/** Only an image has a cloud-init that would read it; a profile's wishes for a guest are no reason to refuse other sources. */
async function guestOf(
  flags: VmFlags, source: NewVmSource, { user, packages, run, timezone }: Pick<MachineSettings, 'user' | 'packages' | 'run' | 'timezone'>,
  hashes: PasswordHashes,
): Promise<NewGuest | undefined> {
  const asked = saysOfGuest(flags) || tellsGuest(flags, source)
  if (source.kind !== 'image') {
    if (!asked) return undefined
    throw new UsageError(`${said(flags).join(', ')}: only a guest from an image with cloud-init can be told`, '--image FILE', '--iso FILE --os NAME --unattended')
  }
  if (!asked && user === undefined && packages.length === 0 && run.length === 0) return undefined
  return { ...await guestFrom(flags, hashes), user, packages, run, timezone }
}

function said(flags: VmFlags): string[] {
  return [...Object.keys(guestFlags), 'gateway', 'dns'].filter((name) => flags[name as keyof VmFlags] !== undefined).map((name) => `--${name}`)
}
