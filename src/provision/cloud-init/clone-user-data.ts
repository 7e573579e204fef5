import { parseYaml, writeYaml } from './yaml.js'

/**
 * A seed's user-data for a copy of the guest: with a hostname and SSH host keys of its own, all else as it was. null when it
 * has no part of ours, so that nobody knows what it says of these.
 */
export function userDataOfClone(userData: string, hostname: string): string | null {
  if (userData.startsWith('#cloud-config\n')) return rewritten(userData, hostname)
  const [whole, head, body] = /(filename="bay"\n(?:[A-Za-z-]+: .*\n)*\n)([A-Za-z0-9+/=\n]+?)(?=\n--)/.exec(userData) ?? []
  if (whole === undefined || head === undefined || body === undefined) return null
  const ours = rewritten(Buffer.from(body, 'base64').toString(), hostname)
  if (ours === null) return null
  const lines = Buffer.from(ours).toString('base64').match(/.{1,76}/g) ?? []
  return userData.replace(whole, () => `${head}${lines.join('\n')}`)
}

function rewritten(config: string, hostname: string): string | null {
  const value = parseYaml(config, 'user-data')
  if (!(value instanceof Map)) return null
  value.set('hostname', hostname)
  for (const key of ['fqdn', 'ssh_deletekeys']) value.delete(key)
  return `#cloud-config\n${writeYaml(value)}`
}
