import ipaddr from 'ipaddr.js'
import { quoted } from '../../shell.js'
import { firstBoot, firstBootScript, firstBootService, sudoersLine } from './first-boot.js'
import type { LinuxInstall } from './spec.js'

/**
 * Fedora's and RHEL's kickstart file. https://pykickstart.readthedocs.io/en/latest/kickstart-docs.html
 * Its lines are split as a shell would, and a line that begins with `%end` ends a section whatever stands around it:
 * so free text is either quoted on its line or in base64.
 */
export function kickstart(spec: LinuxInstall): string {
  const sections = [system(spec), user(spec), disk(spec), packages(spec), post(spec)]
  return `${sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function system(spec: LinuxInstall): string[] {
  return [
    'text',
    spec.mirror === undefined ? 'cdrom' : `url --url=${quoted(spec.mirror)}`,
    `lang ${quoted(spec.locale)}`,
    `keyboard --xlayouts=${quoted(spec.keyboard)}`,
    `timezone ${quoted(spec.timezone)} --utc`,
    network(spec),
    'firewall --enabled --ssh',
    'selinux --enforcing',
    'services --enabled=sshd',
    'firstboot --disable',
    ...spec.os === 'rhel' ? ['eula --agreed'] : [],
    // Seen from outside as the end; what restarts instead has failed.
    'poweroff',
  ]
}

function network({ hostname, network: wanted }: LinuxInstall): string {
  const common = `--hostname=${quoted(hostname)} --activate`
  if (wanted === 'dhcp') return `network --device=link --bootproto=dhcp ${common}`
  const { mac = 'link', address, prefix, gateway, dns } = wanted
  const netmask = ipaddr.IPv4.subnetMaskFromPrefixLength(prefix).toString()
  return [
    `network --device=${mac} --bootproto=static --ip=${address} --netmask=${netmask}`,
    ...gateway === undefined ? [] : [`--gateway=${gateway}`],
    ...dns.length === 0 ? ['--nodns'] : [`--nameserver=${dns.join(',')}`],
    common,
  ].join(' ')
}

function user({ user: name, passwordHash, sshKeys }: LinuxInstall): string[] {
  const password = passwordHash ? `--iscrypted --password=${quoted(passwordHash.reveal())}` : '--lock'
  return [
    'rootpw --lock',
    `user --name=${quoted(name)} --groups=wheel ${password}`,
    ...sshKeys.map((key) => `sshkey --username=${quoted(name)} ${quoted(key)}`),
  ]
}

function disk({ disk: name, storage }: LinuxInstall): string[] {
  const erase = (target: string) => [`ignoredisk --only-use=${target}`, `clearpart --all --initlabel --drives=${target}`]
  return [
    'zerombr',
    ...name === 'largest' ? ['%include /tmp/bay-disk.ks'] : erase(name),
    `autopart --type=${storage === 'lvm' ? 'lvm' : 'plain'}`,
    ...name === 'largest' ? ['', '%pre --erroronfail', ...chooseLargest, ...erase('$largest').map((line) => `echo "${line}" >> /tmp/bay-disk.ks`), '%end'] : [],
  ]
}

/** Major numbers 1, 2, 7 and 11 are RAM disks, floppies, loops and CD-ROMs; zram, which is memory too, has no number of its own. */
const chooseLargest = [
  'largest=$(lsblk --nodeps --noheadings --bytes --exclude 1,2,7,11 --output SIZE,TYPE,NAME |',
  '  while read -r size type name; do case $type-$name in disk-zram*) ;; disk-*) echo "$size $name" ;; esac; done |',
  '  sort -n | tail -n 1 | cut -d " " -f 2)',
  '[ -n "$largest" ] || exit 1',
]

function packages({ packages: wanted, agent }: LinuxInstall): string[] {
  return ['%packages', '@core', ...wanted, ...agent ? ['qemu-guest-agent'] : [], '%end']
}

/** Runs in the installed system. */
function post(spec: LinuxInstall): string[] {
  const sudoers = sudoersLine(spec)
  const { script, unit } = firstBoot(spec.runCommands)
  const unitFile = `/etc/systemd/system/${firstBootService}`
  const service = [...writeFile(firstBootScript, script, '700'), ...writeFile(unitFile, unit, '644'), `systemctl enable ${firstBootService}`]
  const lines = [
    ...sudoers === undefined ? [] : writeFile('/etc/sudoers.d/90-bay', `${sudoers}\n`, '440'),
    ...spec.runCommands.length === 0 ? [] : service,
  ]
  return lines.length === 0 ? [] : ['%post --erroronfail', 'set -e', ...lines, '%end']
}

function writeFile(path: string, content: string, mode: string): string[] {
  const base64 = Buffer.from(content).toString('base64').match(/.{1,76}/g) ?? []
  return [`base64 --decode > ${path} <<'.'`, ...base64, '.', `chmod ${mode} ${path}`]
}
