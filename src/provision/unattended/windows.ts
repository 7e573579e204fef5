import { el, serialize, type XmlElement } from '../../xml/node.js'
import type { StaticNetwork, WindowsInstall } from './spec.js'
import { languages } from './windows-languages.js'
import { windowsPe } from './windows-pe.js'
import { commands, component, item, leaf, password } from './windows-xml.js'
import { windowsZone } from './windows-zones.js'

/**
 * autounattend.xml, which Windows Setup finds in the root of any disc.
 * https://learn.microsoft.com/en-us/windows-hardware/manufacture/desktop/windows-setup-automation-overview
 * https://learn.microsoft.com/en-us/windows-hardware/manufacture/desktop/how-configuration-passes-work
 */
export function windowsAnswers(spec: WindowsInstall): string {
  const root = el('unattend', { xmlns: 'urn:schemas-microsoft-com:unattend' }, windowsPe(spec), specialize(spec), oobeSystem(spec))
  return `<?xml version="1.0" encoding="utf-8"?>\n${serialize(root)}\n`
}

/** The pass in which the installed system becomes this machine. */
function specialize(spec: WindowsInstall): XmlElement {
  return el('settings', { pass: 'specialize' },
    component(spec, 'Microsoft-Windows-Shell-Setup', leaf('ComputerName', spec.hostname), leaf('TimeZone', windowsZone(spec.timezone))),
    ...spec.network === 'dhcp' ? [] : network(spec, spec.network))
}

/** The interface by its MAC address, or by the name that the first one gets on a disc in English. */
function network(spec: WindowsInstall, { mac, address, prefix, gateway, dns }: StaticNetwork): XmlElement[] {
  const identifier = leaf('Identifier', mac === undefined ? 'Ethernet' : mac.toUpperCase().replaceAll(':', '-'))
  const list = (name: string, values: readonly string[]): XmlElement => el(name, {},
    ...values.map((value, index) => el('IpAddress', { 'wcm:action': 'add', 'wcm:keyValue': index + 1 }, value)))
  const servers = component(spec, 'Microsoft-Windows-DNS-Client', el('Interfaces', {},
    item('Interface', identifier, list('DNSServerSearchOrder', dns))))
  const route = gateway !== undefined && el('Routes', {}, item('Route',
    leaf('Identifier', 0), leaf('Prefix', '0.0.0.0/0'), leaf('NextHopAddress', gateway), leaf('Metric', 10)))
  return [
    component(spec, 'Microsoft-Windows-TCPIP', el('Interfaces', {}, item('Interface',
      identifier,
      el('Ipv4Settings', {}, leaf('DhcpEnabled', false)),
      list('UnicastIpAddresses', [`${address}/${prefix}`]),
      route))),
    ...dns.length === 0 ? [] : [servers],
  ]
}

/** The pass before the first login: what is not answered here is asked on the screen. */
function oobeSystem(spec: WindowsInstall): XmlElement {
  return el('settings', { pass: 'oobeSystem' },
    component(spec, 'Microsoft-Windows-International-Core', ...languages(spec, { setup: false })),
    component(spec, 'Microsoft-Windows-Shell-Setup',
      el('AutoLogon', {}, password('Password', spec.password), leaf('Enabled', true), leaf('LogonCount', 1), leaf('Username', spec.user)),
      el('FirstLogonCommands', {}, ...commands('SynchronousCommand', firstLogon(spec), { element: 'CommandLine' })),
      el('OOBE', {},
        ...['HideEULAPage', 'HideLocalAccountScreen', 'HideOEMRegistrationScreen', 'HideOnlineAccountScreens', 'HideWirelessSetupInOOBE']
          .map((name) => leaf(name, true)),
        // No automatic settings of Windows' choice, and no question about them.
        leaf('ProtectYourPC', 3)),
      leaf('TimeZone', windowsZone(spec.timezone)),
      userAccounts(spec)))
}

/** A server asks for Administrator's password when it has none. */
function userAccounts({ os, user, password: secret }: WindowsInstall): XmlElement {
  const builtIn = user.toLowerCase() === 'administrator'
  return el('UserAccounts', {},
    os === 'windows-server' && password('AdministratorPassword', secret),
    !builtIn && el('LocalAccounts', {}, item('LocalAccount',
      password('Password', secret), leaf('DisplayName', user), leaf('Group', 'Administrators'), leaf('Name', user))))
}

/** They run at the first login, which is therefore automatic, this once. That the machine is off is the sign that all is done. */
function firstLogon({ virtioDrivers, runCommands }: WindowsInstall): string[] {
  const tools = 'for %d in (D E F G) do if exist %d:\\virtio-win-guest-tools.exe %d:\\virtio-win-guest-tools.exe /install /quiet /norestart'
  const winlogon = '"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon"'
  return [
    ...virtioDrivers ? [tools] : [],
    ...runCommands,
    `reg add ${winlogon} /v AutoAdminLogon /t REG_SZ /d 0 /f`,
    `reg delete ${winlogon} /v DefaultPassword /f`,
    // Copies of the answers, with the password.
    'del /f /q C:\\Windows\\Panther\\unattend.xml C:\\Windows\\Panther\\unattend-original.xml C:\\Windows\\System32\\Sysprep\\unattend.xml',
    'shutdown /s /t 5',
  ]
}
