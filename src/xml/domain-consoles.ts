import { parse } from './node.js'
import { path } from './tree.js'

/** Whether a domain has what its console is opened on (https://libvirt.org/formatdomain.html#consoles-serial-parallel-channel-devices). */
export function hasConsole(xml: string): boolean {
  const root = parse(xml)
  return ['console', 'serial', 'parallel'].some((name) => path(root, `devices/${name}`) !== undefined)
}

/** Whether a domain has a display that can be seen. */
export function hasVideo(xml: string): boolean {
  const videos = path(parse(xml), 'devices/video/model')
  return videos !== undefined && videos.attributes['type'] !== 'none'
}
