import type { Secret } from '../password.js'

/** What a guest is told at its first boot. */
export interface CloudInitSpec {
  /** another one makes cloud-init treat the next boot as the first again */
  instanceId: string
  /** one label: no dots */
  hostname: string
  /** begins with the hostname */
  fqdn?: string
  /** when there is one, the image's own user is not made */
  users: readonly GuestUser[]
  /** public keys for the image's own user: only when there are no users */
  sshKeys?: readonly string[]
  packages: readonly string[]
  /** shell lines, each run in a shell of its own, once, after the packages are there */
  runCommands: readonly string[]
  timezone?: string
  locale?: string
  /** a layout, such as `de`; the image must have console-setup or systemd's localectl */
  keyboard?: string
  /** grow the root partition and its file system; undefined leaves it to the image, and most do */
  growRoot?: boolean
  /** install and start the guest agent */
  agent?: boolean
  /** the guest has been set up before, and keeps the SSH host keys that it has */
  keepHostKeys?: boolean
  /** undefined: DHCP on the first interface, which is cloud-init's own choice */
  network?: GuestNetwork
  /** the user's own user-data, of any kind that cloud-init knows */
  extraUserData?: string
}

export interface GuestUser {
  name: string
  /** of `hashPassword`; without one the password is locked */
  passwordHash?: Secret
  sshKeys: readonly string[]
  /** everything, without being asked for a password */
  sudo?: boolean
  groups?: readonly string[]
  /** absolute; the image's default otherwise */
  shell?: string
}

export interface GuestNetwork {
  nics: readonly GuestNic[]
}

export interface GuestNic {
  mac: string
  /** with prefix: `10.0.0.5/24`, `fd00::5/64` */
  addresses: readonly string[] | 'dhcp'
  gateway4?: string
  gateway6?: string
  dns?: readonly string[]
  search?: readonly string[]
  routes?: readonly GuestRoute[]
}

export interface GuestRoute {
  /** with prefix */
  to: string
  via: string
}
