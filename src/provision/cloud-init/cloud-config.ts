import type { CloudInitSpec, GuestUser } from './spec.js'
import { yamlMap, type YamlMap, type YamlValue } from './yaml.js'

/**
 * What the spec asks for, as cloud-config. https://cloudinit.readthedocs.io/en/latest/reference/modules.html
 * Only keys that no version from 22 on calls deprecated: a deprecated one makes `cloud-init status` end with 2.
 */
export function cloudConfig(spec: CloudInitSpec): YamlMap {
  const { users, sshKeys = [], growRoot } = spec
  const packages = [...spec.packages, ...spec.agent ? ['qemu-guest-agent'] : []]
  const commands = [...spec.agent ? [startAgent] : [], ...spec.runCommands]
  return yamlMap({
    hostname: spec.hostname,
    fqdn: spec.fqdn,
    // Else sudo waits for a name server, and `hostname -f` has no answer.
    manage_etc_hosts: 'localhost',
    users: users.length > 0 ? users.map(userConfig) : undefined,
    ssh_authorized_keys: sshKeys.length > 0 ? [...sshKeys] : undefined,
    disable_root: true,
    ssh_pwauth: users.some(({ passwordHash }) => passwordHash),
    // A new instance gets new ones by default, and whoever knows the guest would be warned of an attack.
    ssh_deletekeys: spec.keepHostKeys ? false : undefined,
    timezone: spec.timezone,
    locale: spec.locale,
    keyboard: spec.keyboard === undefined ? undefined : yamlMap({ layout: spec.keyboard }),
    growpart: growRoot === undefined ? undefined : yamlMap({ mode: growRoot ? 'auto' : 'off', devices: ['/'] }),
    resize_rootfs: growRoot,
    // Most images come without any package list.
    package_update: packages.length > 0 ? true : undefined,
    packages: packages.length > 0 ? packages : undefined,
    runcmd: commands.length > 0 ? commands.map((line) => ['sh', '-c', line]) : undefined,
  })
}

/** The agent's unit is bound to its device, which was there before the package: nothing else starts it until a reboot. */
const startAgent = 'systemctl start qemu-guest-agent || rc-service qemu-guest-agent start'

/**
 * `hashed_passwd`, not `passwd`: it also counts when the image has the user already, and is not an argument of useradd.
 * A user is locked unless told otherwise; said all the same, for it must not depend on a default.
 */
function userConfig({ name, passwordHash, sshKeys, sudo = false, groups = [], shell }: GuestUser): YamlValue {
  return yamlMap({
    name,
    lock_passwd: passwordHash === undefined,
    hashed_passwd: passwordHash?.reveal(),
    ssh_authorized_keys: sshKeys.length > 0 ? [...sshKeys] : undefined,
    sudo: sudo ? 'ALL=(ALL) NOPASSWD:ALL' : undefined,
    groups: groups.length > 0 ? [...groups] : undefined,
    shell,
  })
}
