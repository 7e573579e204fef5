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
  const ids = Object.keys(table)
  export const commandIds = () => ids
  export const commandModule = (id) => table[id]()`)

/** ffi-rs has Node write a report of the whole process to tell one libc from another; which package there is says it too. */
const ffi = inPlaceOf('ffi', /node_modules\/ffi-rs\/index\.js$/, (code) => replaced(code, /^switch \(platform\) \{$.*?^\}$/ms, `
  for (const libc of ['gnu', 'musl']) {
    try { nativeBinding ??= require('@yuuang/ffi-rs-linux-' + arch + '-' + libc) } catch (e) { loadError ??= e }
  }`))

/** sax asks for Node's streams, for a parser of streams that nobody uses. */
const sax = inPlaceOf('sax', /node_modules\/sax\/lib\/sax\.js$/, (code) => replaced(code, "require('stream').Stream", 'undefined'))

/**
 * oclif's modules load all of oclif, with plugins, help and the looks of a spinner: here each is a file of its own, loaded when it
 * is needed.
 */
const oclif = inPlaceOf('oclif', /node_modules\/@oclif\/core\/lib\/.*\.js$/, (whole) => {
  // Its listener on stdout throws what is reported already, and makes the stream.
  const code = whole.replace(/^process\.stdout\.on\('error'.*?^\}\);$/ms, '')
  const one = /^(?:const|var) (\w+_\d+) = (.*)\brequire\("([^"]+)"\)(.*);$/gm
  const names = [...code.matchAll(one)].map(([, name]) => name)
  if (names.length === 0) return code
  return called(code, names, ' = ').replaceAll(one, (_, name, before, id, after) => {
    const module = id.startsWith('node:') ? `require("${id}")` : `whenNeeded(import("${id}"))`
    return `let ${name}$; const ${name} = () => ${name}$ ??= ${before}${module}${after};`
  })
})
/** What becomes of the import() above. */
const needed = /whenNeeded\(Promise\.resolve\(\)\.then\(\(\)=>__toESM\(require\("([^"]+)"\)\)\)\)/g

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['main.ts', 'program-file.ts', 'bridge/guard.ts', ...commands.map((file) => `commands/${file}`)].map((file) => join(src, file)),
  outbase: src, outdir: to, write: false, tsconfig: 'tsconfig.build.json',
  bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', minifyWhitespace: true, minifySyntax: true, legalComments: 'none',
  plugins: [commandTable, ffi, sax, oclif], alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
  external: ['@yuuang/*', 'typescript', 'ts-node'], logLevel: 'warning',
})
const written = await Promise.all(outputFiles.map(writeAsCommonJs))
await writeFile(join(root, to, 'package.json'), '{ "type": "commonjs" }\n')
const built = createHash('sha256')
for (const file of ['code-cache.ts', 'loader.ts']) built.update(await readFile(join(src, 'start', file)))
for (const { path, code } of written) built.update(path.slice(join(root, to).length)).update(code)
await build({
  absWorkingDir: root, entryPoints: [join(src, 'start/start.ts')], outfile: join(to, 'start.js'), tsconfig: 'tsconfig.build.json',
  plugins: [ffi], external: ['@yuuang/*'],
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
  const done = code.replace(old, other)
  if (done === code) throw new Error(`this is gone from what was to be replaced: ${old}`)
  return done
}

function idOf(file) {
  return file.replace(/\.ts$/, '').replaceAll('/', ':')
}

/** esbuild splits modules only, so that each piece is made CommonJS afterwards. */
async function writeAsCommonJs({ path, text }) {
  const { code: plain } = await transform(text, {
    format: 'cjs', platform: 'node', target: 'node20', minifyWhitespace: true, minifySyntax: true, supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
  })
  const url = plain.includes('__url') ? 'const __url=require("node:url").pathToFileURL(__filename).href;' : ''
  // Its own files are CommonJS with all their names: nothing is to be made of them each time that an import() is run.
  const own = plain.replaceAll(needed, 'require("$1").default').replaceAll(/__toESM\((require\("\.[^"]+"\))\)/g, '$1')
  const code = asAscii(url + loadedWhenUsed(own))
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, code)
  return { path, code }
}

/** The loader reads it byte by byte. esbuild escapes what is in texts, but not in tagged templates and regular expressions. */
function asAscii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A file loads another when it first uses something of it: a command needs few of the files that its files name. */
function loadedWhenUsed(code) {
  const one = /(?<=[ ,])(import_\w+)=((?:__toESM\()?require\("[^"]+"\)\)?)(?=[,;])/g
  const names = [...code.matchAll(one)].map(([, name]) => name)
  if (names.length === 0) return code
  return `const __later=load=>{let loaded;return()=>loaded??=load()};${called(code, names, '=').replaceAll(one, '$1=__later(()=>$2)')}`
}

/** Has code call functions of these names where it used variables of them, except where it sets them. */
function called(code, names, sets) {
  return code.replaceAll(new RegExp(`(?<![^.]\\.)\\b(${names.join('|')})\\b(?!${sets})`, 'g'), '($1())')
}
