import { writeYaml, yamlMap, type YamlMap, type YamlValue } from '../cloud-init/yaml.js'
import { sudoersLine } from './first-boot.js'
import type { LinuxInstall, StaticNetwork } from './spec.js'

/**
 * Ubuntu's autoinstall: cloud-init finds the disc, and hands the answers to the installer.
 * https://canonical-subiquity.readthedocs-hosted.com/en/latest/reference/autoinstall-reference.html
 */
export function autoinstallFiles(spec: LinuxInstall): Map<string, string> {
  const userData = `#cloud-config\n${writeYaml(yamlMap({ autoinstall: autoinstall(spec) }))}`
  return new Map([
    ['user-data', userData],
    ['meta-data', writeYaml(yamlMap({ 'instance-id': `install-${spec.hostname}` }))],
  ])
}

function autoinstall(spec: LinuxInstall): YamlMap {
  const { user, passwordHash, sshKeys, runCommands, mirror } = spec
  const packages = [...spec.packages, ...spec.agent ? ['qemu-guest-agent'] : []]
  const sudoers = sudoersLine(spec)
  return yamlMap({
    'version': 1,
    'locale': spec.locale,
    'keyboard': yamlMap({ layout: spec.keyboard }),
    'timezone': spec.timezone,
    'network': spec.network === 'dhcp' ? undefined : netplan(spec.network),
    'apt': mirror === undefined ? undefined : yamlMap({ primary: [yamlMap({ arches: ['default'], uri: mirror })] }),
    'storage': yamlMap({ layout: layout(spec) }),
    // A hash that no password has: the installer wants one.
    'identity': yamlMap({ hostname: spec.hostname, username: user, password: passwordHash?.reveal() ?? '!' }),
    'ssh': yamlMap({ 'install-server': true, 'authorized-keys': [...sshKeys], 'allow-pw': passwordHash !== undefined }),
    'packages': packages.length > 0 ? packages : undefined,
    'late-commands': sudoers === undefined ? undefined : [['sh', '-c', sudoersCommand(sudoers)]],
    // For cloud-init in the installed system, at its first start.
    'user-data': runCommands.length > 0 ? yamlMap({ runcmd: runCommands.map((line) => ['sh', '-c', line]) }) : undefined,
    'shutdown': 'poweroff',
  })
}

/** The whole disk; without the policy LVM leaves half of it free. Before 22.04 an installer knows no policy, and ignores it. */
function layout({ disk, storage = 'plain' }: LinuxInstall): YamlMap {
  return yamlMap({
    'name': storage === 'lvm' ? 'lvm' : 'direct',
    'sizing-policy': storage === 'lvm' ? 'all' : undefined,
    'match': disk === 'largest' ? yamlMap({ size: 'largest' }) : yamlMap({ path: `/dev/${disk}` }),
  })
}

/** Names of interfaces are not known before the kernel gives them. */
function netplan({ mac, address, prefix, gateway, dns }: StaticNetwork): YamlValue {
  const nic = yamlMap({
    match: mac === undefined ? yamlMap({ name: 'e*' }) : yamlMap({ macaddress: mac.toLowerCase() }),
    dhcp4: false,
    addresses: [`${address}/${prefix}`],
    routes: gateway === undefined ? undefined : [yamlMap({ to: '0.0.0.0/0', via: gateway })],
    nameservers: dns.length === 0 ? undefined : yamlMap({ addresses: [...dns] }),
  })
  return yamlMap({ version: 2, ethernets: yamlMap({ nic0: nic }) })
}

function sudoersCommand(line: string): string {
  return `echo '${line}' > /target/etc/sudoers.d/90-bay && chmod 440 /target/etc/sudoers.d/90-bay`
}
