import { parse, serialize } from './node.js'
import { all } from './tree.js'

/** A domain's XML as libvirt shows it to whoever may not see passwords. */
export function withoutPasswords(xml: string): string {
  const root = parse(xml)
  for (const graphics of all(root, 'devices/graphics')) {
    delete graphics.attributes['passwd']
    delete graphics.attributes['passwdValidTo']
  }
  return serialize(root)
}
