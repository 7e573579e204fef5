import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Script } from 'node:vm'
import type { Compiled } from './code-cache.js'

type Require = Pick<NodeJS.Require, 'resolve'> & ((id: string) => unknown)

interface Loaded { exports: unknown }

/** Loads the files of the bundle as Node's require does, and with what V8 has made of them before. */
export class Loader {
  readonly #folder: string
  readonly #compiled: Compiled
  readonly #require: Require
  readonly #modules = new Map<string, Loaded>()
  readonly #scripts = new Map<string, Script>()
  #held = new Map<string, string>()
  #news = false

  /** @param require for what is no file of the bundle */
  constructor(folder: string, compiled: Compiled, require: Require) {
    this.#folder = folder
    this.#compiled = compiled
    this.#require = require
  }

  /** A file of the bundle, by its path in the folder. */
  load(name: string): unknown {
    const known = this.#modules.get(name)
    if (known) return known.exports
    const module: Loaded = { exports: {} }
    this.#modules.set(name, module)
    const path = join(this.#folder, name)
    const near = dirname(name)
    const { resolve } = this.#require
    const require = Object.assign((id: string) => id.startsWith('.') ? this.load(join(near, id)) : this.#require(id), { resolve })
    const run = this.#script(name, path).runInThisContext() as (...globals: unknown[]) => void
    run(module.exports, require, module, path, dirname(path))
    return module.exports
  }

  /**
   * Reads whatever may be needed later: a long run goes on as it began when the program is replaced or removed meanwhile, and
   * undoes what it would have.
   */
  async hold(): Promise<void> {
    const files = await readdir(this.#folder, { recursive: true, withFileTypes: true })
    for (const file of files.filter((each) => each.isFile() && each.name.endsWith('.js'))) {
      const path = join(file.parentPath, file.name)
      this.#held.set(relative(this.#folder, path), await readFile(path, 'latin1'))
    }
  }

  /** What V8 has made of all files so far; null when it is no more than was known before. */
  compiled(): (() => Compiled) | null {
    if (!this.#news) return null
    const scripts = [...this.#scripts]
    return () => new Map([...this.#compiled, ...scripts.map(([name, script]) => [name, script.createCachedData()] as const)])
  }

  #script(name: string, path: string): Script {
    const cachedData = this.#compiled.get(name)
    // The bundle is plain ASCII.
    const code = `(function(exports,require,module,__filename,__dirname){${this.#held.get(name) ?? readFileSync(path, 'latin1')}\n})`
    const script = new Script(code, { filename: path, ...cachedData ? { cachedData } : {} })
    this.#news ||= script.cachedDataRejected !== false
    this.#scripts.set(name, script)
    return script
  }
}
