import type { XmlElement } from './node.js'
import { all, attr, child } from './tree.js'

/**
 * Puts back into a domain's document what libvirt prints only for those who ask for secrets: passwords of displays, and
 * cookies of disks that are read by HTTP. `old` is the stored document with them. What the new document says itself stays.
 */
export function keepSecrets(root: XmlElement, old: XmlElement): void {
  keepPasswords(root, old)
  keepCookies(root, old)
}

function keepPasswords(root: XmlElement, old: XmlElement): void {
  const before = all(old, 'devices/graphics')
  for (const graphics of all(root, 'devices/graphics')) {
    const same = before.find((each) => attr(each, 'type') === attr(graphics, 'type'))
    const passwd = attr(same, 'passwd')
    if (passwd === undefined || attr(graphics, 'passwd') !== undefined) continue
    graphics.attributes['passwd'] = passwd
    const until = attr(same, 'passwdValidTo')
    if (until !== undefined) graphics.attributes['passwdValidTo'] = until
  }
}

/** Only where the disk still reads from the same place. */
function keepCookies(root: XmlElement, old: XmlElement): void {
  const sourceOf = (disk: XmlElement) => child(disk, 'source')
  const placeOf = (disk: XmlElement) => {
    const host = child(sourceOf(disk), 'host')
    return JSON.stringify([attr(sourceOf(disk), 'protocol'), attr(host, 'name'), attr(host, 'port')])
  }
  const targetOf = (disk: XmlElement) => attr(child(disk, 'target'), 'dev')
  const before = all(old, 'devices/disk').filter((disk) => child(sourceOf(disk), 'cookies'))
  for (const disk of all(root, 'devices/disk')) {
    const same = before.find((each) => targetOf(each) === targetOf(disk) && placeOf(each) === placeOf(disk))
    const cookies = child(same && sourceOf(same), 'cookies')
    const source = sourceOf(disk)
    if (cookies && source && !child(source, 'cookies')) source.children.push(cookies)
  }
}
