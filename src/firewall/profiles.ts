/** Filters that come with the program, in the rule language. */
export const filterProfiles: Readonly<Record<string, { summary: string, rules: string }>> = {
  'clean-traffic': {
    summary: 'everything, but under its own MAC and IPv4 address only (libvirt learns it, or --parameter IP=… says it); no IPv6',
    rules: 'default: accept\nneeds: none\ninherit: clean-traffic\n',
  },
  'no-spoofing': {
    summary: 'everything, but under its own MAC and IPv4 address only; IPv6 passes unchecked',
    rules: 'default: accept\nneeds: none\ninherit: [no-mac-spoofing, no-ip-spoofing, no-arp-spoofing]\n',
  },
  'web-server': {
    summary: 'serves HTTP and HTTPS, is pinged and reached by SSH, and reaches everything',
    rules: `default: {in: drop, out: accept}
rules:
  - {service: [http, https, http3], comment: web}
  - {service: ssh, comment: administration}
  - {protocol: [icmp, icmpv6], type: echo-request}
`,
  },
  'database': {
    summary: 'serves PostgreSQL, MySQL and SSH to private networks, and reaches only name and time servers and package mirrors',
    rules: `sets: {private: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "fc00::/7"]}
rules:
  - {service: [postgresql, mysql, ssh], from: private}
  - {protocol: [icmp, icmpv6], type: echo-request, from: private}
  - {direction: out, service: [ntp, http, https], comment: time and packages}
`,
  },
  'desktop': {
    summary: 'reaches everything, and is reached from its private network by ping, RDP and SSH only',
    rules: `sets: {private: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "fc00::/7"]}
default: {in: drop, out: accept}
rules:
  - {service: [rdp, ssh], from: private}
  - {protocol: [icmp, icmpv6], type: echo-request, from: private}
`,
  },
  'only-outgoing': {
    summary: 'reaches everything, and is reached by nobody',
    rules: 'default: {in: drop, out: accept}\n',
  },
}
