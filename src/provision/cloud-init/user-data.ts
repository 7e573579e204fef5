import { UsageError } from '../../errors.js'
import { mergeConfigs } from './merge.js'
import { multipart } from './multipart.js'
import { isNull, parseYaml, writeYaml, type YamlMap } from './yaml.js'

/**
 * The user-data file: ours alone, merged with the user's own cloud-config, or beside what else the user gave.
 * https://cloudinit.readthedocs.io/en/latest/explanation/format.html
 * @throws UsageError when cloud-init would not know what the user's is, or it is no valid YAML
 */
export function userDataFile(ours: YamlMap, extra?: string): string {
  if (extra === undefined) return document(ours)
  // What Windows's editors put in front, and cloud-init stumbles over.
  const text = extra.replace(/^\ufeff/, '')
  if (text.trim() === '') throw new UsageError('user-data is empty')
  if (text.includes('\0')) throw new UsageError('user-data is no text', 'unpack it first, if it is compressed')
  const type = contentType(text)
  return type === 'text/cloud-config' ? document(mergeConfigs(ours, parseConfig(text))) : multipart(document(ours), { type, text })
}

function document(config: YamlMap): string {
  return `#cloud-config\n${writeYaml(config)}`
}

/** How each kind begins, the longer of two equal beginnings first, as in cloud-init's handlers/__init__.py */
const beginnings: [begins: string, type: string][] = [
  ['#cloud-config-archive', 'text/cloud-config-archive'], ['#cloud-config-jsonp', 'text/cloud-config-jsonp'], ['#cloud-config', 'text/cloud-config'],
  ['#cloud-boothook', 'text/cloud-boothook'], ['## template: jinja', 'text/jinja2'], ['#part-handler', 'text/part-handler'],
  ['#include-once', 'text/x-include-once-url'], ['#include', 'text/x-include-url'], ['#!', 'text/x-shellscript'],
]

/** Null for a MIME message, which says itself what it has. */
function contentType(text: string): string | null {
  const start = text.trimStart().toLowerCase()
  const found = beginnings.find(([begins]) => start.startsWith(begins))
  if (found) return found[1]
  if (/^(?:from |[a-z-]+:)/.test(start) && start.slice(0, 4000).includes('mime-version:')) return null
  throw new UsageError('cloud-init would not know what this user-data is', 'its first line must be #cloud-config, #!/bin/sh or another of its kinds')
}

function parseConfig(text: string): YamlMap {
  const value = parseYaml(text, 'user-data')
  if (isNull(value)) return new Map()
  if (value instanceof Map) return value
  throw new UsageError('user-data: a cloud-config has keys with values, and this has none', 'such as packages: [nginx]')
}
