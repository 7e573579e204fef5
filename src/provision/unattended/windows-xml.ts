import { el, type Child, type XmlElement } from '../../xml/node.js'
import type { Secret } from '../password.js'
import type { InstallSpec } from './spec.js'

/** One component of Windows with its settings. https://learn.microsoft.com/en-us/windows-hardware/customize/desktop/unattend/ */
export function component(spec: Pick<InstallSpec, 'arch'>, name: string, ...settings: Child[]): XmlElement {
  return el('component', {
    name,
    'processorArchitecture': spec.arch === 'aarch64' ? 'arm64' : 'amd64',
    'publicKeyToken': '31bf3856ad364e35',
    'language': 'neutral',
    'versionScope': 'nonSxS',
    'xmlns:wcm': 'http://schemas.microsoft.com/WMIConfig/2002/State',
    'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
  }, ...settings)
}

/** An element of a list, which Setup is to add. */
export function item(name: string, ...children: Child[]): XmlElement {
  return el(name, { 'wcm:action': 'add' }, ...children)
}

/** An element with a text. */
export function leaf(name: string, value: string | number | boolean): XmlElement {
  return el(name, {}, String(value))
}

/**
 * A password as Windows SIM writes it: with the element's name at its end, in UTF-16LE, in base64. That hides it from a
 * glance and no more; what is won is that no character of it can be mistaken.
 * https://learn.microsoft.com/en-us/windows-hardware/customize/desktop/wsim/hide-sensitive-data-in-an-answer-file
 */
export function password(name: 'Password' | 'AdministratorPassword', secret: Secret): XmlElement {
  const value = Buffer.from(`${secret.reveal()}${name}`, 'utf16le').toString('base64')
  return el(name, {}, leaf('Value', value), leaf('PlainText', false))
}

/** Commands in their order, each run by cmd.exe, which takes away the outermost quotes (`/s`) and none of those inside. */
export function commands(name: string, lines: readonly string[], what: { element: 'Path' | 'CommandLine' }): XmlElement[] {
  return lines.map((line, index) => item(name, leaf('Order', index + 1), leaf(what.element, `cmd.exe /s /c "${line}"`)))
}
