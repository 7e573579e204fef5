import type { Family } from './addresses.js'

/** One packet at a guest's interface. */
export interface Packet {
  /** of the packet: `in` goes to the guest */
  direction: 'in' | 'out'
  /**
   * Where the other end is: on the same bridge, behind the host as a router, or the host itself. What the host sends or forwards to
   * a guest passes libvirt's rules for Ethernet only.
   */
  path: 'bridged' | 'routed' | 'host'
  sourceMac: string
  destinationMac: string
  /** 0x800 is IPv4, 0x86dd IPv6, 0x806 ARP */
  ethertype: number
  ip: IpHeader | null
  arp: ArpHeader | null
  /** as the kernel's table of connections has it */
  state: 'new' | 'established' | 'related' | 'invalid' | 'untracked'
  /** whether it answers what opened the connection */
  reply: boolean
}

export interface IpHeader {
  family: Family
  source: bigint
  destination: bigint
  /** 6 is TCP, 17 UDP, 1 ICMP, 58 ICMPv6 */
  protocol: number
  sourcePort: number | null
  port: number | null
  icmpType: number | null
  icmpCode: number | null
}

export interface ArpHeader {
  /** 1 asks, 2 answers */
  opcode: number
  senderMac: string
  senderIp: bigint
  targetMac: string
  targetIp: bigint
}

export const ethertypes: Readonly<Record<string, number>> = { ipv4: 0x800, ipv6: 0x86dd, arp: 0x806, rarp: 0x8035, vlan: 0x8100 }

export const ipProtocols: Readonly<Record<string, number>> = {
  icmp: 1, igmp: 2, tcp: 6, udp: 17, esp: 50, ah: 51, icmpv6: 58, sctp: 132, udplite: 136,
}
