// Writes oclif.manifest.json from the built commands: with it, oclif loads only the command that runs.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Plugin } from '@oclif/core'

const root = fileURLToPath(new URL('..', import.meta.url))
// The bundle is CommonJS, which oclif believes only of a whole package.
const pjson = { ...JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')), type: 'commonjs' }
const plugin = new Plugin({ root, pjson, isRoot: true, type: 'core', ignoreManifest: true, errorOnManifestCreate: true })
await plugin.load()
await writeFile(new URL('../oclif.manifest.json', import.meta.url), `${JSON.stringify(plugin.manifest)}\n`)
