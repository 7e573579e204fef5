// Bundles src/ into the folder that is named: a file a command and what they share, as CommonJS, whose compiled code can be kept
// from one run to the next (src/start).
//   node scripts/bundle.js FOLDER
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const src = join(root, 'src')
const [to = 'dist'] = process.argv.slice(2)

const commands = (await readdir(join(src, 'commands'), { recursive: true })).filter((file) => file.endsWith('.ts')).sort()

/** In place of the module that looks for commands in src/: each is loaded when it is run, and no other. */
const commandTable = inPlaceOf('command-table', /src\/command-table\.ts$/, () => `
  const table = { ${commands.map((file) => `'${idOf(file)}': () => import('./commands/${file}')`).join(', ')} }
  export const commandIds = () => Object.keys(table)
  export const commandModule = (id) => table[id]()`)

/** ffi-rs has Node write a report of the whole process to tell one libc from another; which package there is says it too. */
const ffi = inPlaceOf('ffi', /node_modules\/ffi-rs\/index\.js$/, (code) => replaced(
  code, 'const { glibcVersionRuntime } = process.report.getReport().header', `
  let glibcVersionRuntime
  try { glibcVersionRuntime = require.resolve('@yuuang/ffi-rs-linux-' + arch + '-gnu') } catch {}`))

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['main.ts', 'program-file.ts', 'bridge/guard.ts', ...commands.map((file) => `commands/${file}`)].map((file) => join(src, file)),
  outbase: src, outdir: to, write: false, tsconfig: 'tsconfig.build.json',
  bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', minifyWhitespace: true, minifySyntax: true, legalComments: 'none',
  plugins: [commandTable, ffi], alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
  external: ['@yuuang/*', 'typescript', 'ts-node'], logLevel: 'warning',
})
await Promise.all(outputFiles.map(writeAsCommonJs))
await writeFile(join(root, to, 'package.json'), '{ "type": "commonjs" }\n')
const built = createHash('sha256')
for (const { path, contents } of outputFiles) built.update(path.slice(join(root, to).length)).update(contents)
await build({
  absWorkingDir: root, entryPoints: [join(src, 'start/start.ts')], outfile: join(to, 'start.js'), tsconfig: 'tsconfig.build.json',
  bundle: true, format: 'cjs', platform: 'node', target: 'node20', minify: true, logLevel: 'warning',
  define: { builtCommands: JSON.stringify(commands.map(idOf)), builtAs: JSON.stringify(built.digest('hex').slice(0, 16)) },
})

/** A plugin that puts other code in a module's place. */
function inPlaceOf(name, filter, other) {
  const contents = async (path) => other(await readFile(path, 'utf8'))
  const load = async ({ path }) => ({ contents: await contents(path), resolveDir: dirname(path), loader: 'js' })
  return { name, setup: ({ onLoad }) => onLoad({ filter }, load) }
}

function replaced(code, old, other) {
  if (!code.includes(old)) throw new Error(`this is gone from what was to be replaced: ${old}`)
  return code.replace(old, other)
}

function idOf(file) {
  return file.replace(/\.ts$/, '').replaceAll('/', ':')
}

/** esbuild splits modules only, so that each piece is made CommonJS afterwards. */
async function writeAsCommonJs({ path, text }) {
  const { code } = await transform(text, {
    format: 'cjs', platform: 'node', target: 'node20', minifyWhitespace: true, minifySyntax: true, supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
  })
  const url = code.includes('__url') ? 'const __url=require("node:url").pathToFileURL(__filename).href;' : ''
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, url + code)
}
