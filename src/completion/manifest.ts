import { readFileSync } from 'node:fs'
import { programFile } from '../program-file.js'

/** What is needed of oclif.manifest.json, which the build writes: https://oclif.io/docs/plugin_loading/#manifests */
export interface Manifest {
  /** by id, such as `vm:start` */
  commands: Record<string, CommandEntry>
}

export interface CommandEntry {
  id: string
  summary?: string
  hidden?: boolean
  args: Record<string, ArgEntry>
  flags: Record<string, FlagEntry>
}

interface ArgEntry {
  name: string
  multiple?: boolean
  options?: string[]
}

export interface FlagEntry {
  name: string
  char?: string
  type: 'option' | 'boolean'
  description?: string
  /** what stands for the value in the help, such as `NET|bridge=BR|user` */
  helpValue?: string
  helpGroup?: string
  hidden?: boolean
  /** a boolean that also exists as --no-NAME */
  allowNo?: boolean
  options?: string[]
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(programFile('oclif.manifest.json'), 'utf8')) as Manifest
}

/** The flags that every command has. */
export function globalFlagsOf({ commands }: Manifest): Record<string, FlagEntry> {
  const [first] = Object.values(commands)
  return Object.fromEntries(Object.entries(first?.flags ?? {}).filter(([, flag]) => flag.helpGroup === 'GLOBAL'))
}
