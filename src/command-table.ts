import { readManifest } from './completion/manifest.js'

/** The commands as src/ has them. The build puts a table of its bundle in this module's place: scripts/build.js. */
export function commandIds(): string[] {
  return Object.keys(readManifest().commands)
}

/** The module of a command, such as `vm:list`. */
export async function commandModule(id: string): Promise<unknown> {
  return import(`./commands/${id.replaceAll(':', '/')}.js`)
}
