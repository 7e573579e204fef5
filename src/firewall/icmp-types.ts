/** ICMP types by the names of the standards; both families share most of them. */
export const icmpTypes = {
  icmp: {
    'echo-reply': 0, 'destination-unreachable': 3, 'redirect': 5, 'echo-request': 8, 'router-advertisement': 9, 'router-solicitation': 10,
    'time-exceeded': 11, 'parameter-problem': 12, 'timestamp-request': 13, 'timestamp-reply': 14,
  },
  icmpv6: {
    'destination-unreachable': 1, 'packet-too-big': 2, 'time-exceeded': 3, 'parameter-problem': 4, 'echo-request': 128, 'echo-reply': 129,
    'listener-query': 130, 'listener-report': 131, 'listener-done': 132, 'router-solicitation': 133, 'router-advertisement': 134,
    'neighbour-solicitation': 135, 'neighbour-advertisement': 136, 'redirect': 137, 'listener-report-v2': 143,
  },
} as const satisfies Record<string, Record<string, number>>

/** The number of a type; undefined for a name that the protocol does not have. */
export function icmpType(protocol: keyof typeof icmpTypes, text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : undefined
  return Object.entries(icmpTypes[protocol]).find(([name]) => name === text)?.[1]
}

export function icmpTypeName(protocol: keyof typeof icmpTypes, type: number): string {
  return Object.entries(icmpTypes[protocol]).find(([, each]) => each === type)?.[0] ?? String(type)
}
