import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { Script } from 'node:vm'
import type { Kept } from './code-cache.js'

type Require = Pick<NodeJS.Require, 'resolve'> & ((id: string) => unknown)

interface Loaded { exports: unknown }

type Run = (...globals: unknown[]) => void

/**
 * Loads the files of the bundle as Node's require does. Those that an earlier run needed come together, as one text with what V8
 * has made of it: to find, read and compile them one by one takes several times as long.
 */
export class Loader {
  readonly #folder: string
  readonly #require: Require
  readonly #kept: Kept
  readonly #script: Script | null
  readonly #together: Record<string, Run>
  readonly #modules = new Map<string, Loaded>()
  /** The texts of files that were not kept yet, by name. */
  readonly #news = new Map<string, string>()
  readonly #held = new Map<string, string>()

  /**
   * @param kept what an earlier run kept, if any
   * @param require for what is no file of the bundle
   */
  constructor(folder: string, kept: Kept | null, require: Require) {
    this.#folder = folder
    this.#require = require
    this.#script = kept && scriptOf(join(folder, 'bundle.js'), kept)
    this.#kept = (this.#script ? kept : null) ?? { names: [], text: '', code: Buffer.alloc(0) }
    this.#together = this.#script?.runInThisContext() as Record<string, Run> | undefined ?? {}
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
    const run = this.#together[name] ?? this.#alone(name, path)
    run(module.exports, require, module, path, dirname(path))
    return module.exports
  }

  /** Loads what earlier runs have needed, while libvirt is loaded on its thread: later this one waits for that. */
  loadKept(): void {
    for (const name of this.#kept.names) this.load(name)
  }

  /**
   * Reads whatever may be needed later: a long run goes on as it began when the program is replaced or removed meanwhile, and
   * undoes what it would have.
   */
  async hold(): Promise<void> {
    const { readdir, readFile } = await import('node:fs/promises')
    const files = await readdir(this.#folder, { recursive: true, withFileTypes: true })
    for (const file of files.filter((each) => each.isFile() && each.name.endsWith('.js'))) {
      const path = join(file.parentPath, file.name)
      this.#held.set(relative(this.#folder, path), await readFile(path, 'latin1'))
    }
  }

  /**
   * What is worth keeping for the next run; null when that is no more than was known before. Files are kept by one run, and what
   * V8 makes of them, put together, by the next: it knows then which of their functions are called.
   */
  kept(): (() => Kept) | null {
    const { names, text, code } = this.#kept
    if (this.#news.size > 0) {
      return () => ({ names: [...names, ...this.#news.keys()], text: text + [...this.#news.values()].join(''), code: Buffer.alloc(0) })
    }
    const script = this.#script
    if (!script || (code.length > 0 && script.cachedDataRejected === false)) return null
    return () => ({ names, text, code: script.createCachedData() })
  }

  #alone(name: string, path: string): Run {
    // The bundle is plain ASCII.
    const code = `function(exports,require,module,__filename,__dirname){${this.#held.get(name) ?? readFileSync(path, 'latin1')}\n}`
    this.#news.set(name, `${JSON.stringify(name)}:${code},`)
    return new Script(`(${code})`, { filename: path }).runInThisContext() as Run
  }
}

/** Null for a text that is none of ours: every file is then loaded by itself, and kept anew. */
function scriptOf(filename: string, { text, code }: Kept): Script | null {
  try {
    return new Script(`({${text}})`, { filename, ...code.length > 0 ? { cachedData: code } : {} })
  } catch {
    return null
  }
}
