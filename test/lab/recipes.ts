import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bayEnvironment, program } from './bay.js'

/** The scripts of docs/cookbook.md by the headings that they stand under. */
export function recipes(): Map<string, string> {
  const page = readFileSync(fileURLToPath(new URL('../../docs/cookbook.md', import.meta.url)), 'utf8')
  return new Map(page.split(/^## /m).slice(1).flatMap((part) => {
    const script = /^```bash\n(.*?)^```$/ms.exec(part)?.[1]
    return script === undefined ? [] : [[part.slice(0, part.indexOf('\n')), script]]
  }))
}

export interface RecipeRun { code: number | null, stdout: string, stderr: string }

/** A folder with the recipes as programs, and bay in PATH. */
export class Cookbook implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'bay-cookbook-'))
  readonly #uri: string

  constructor(uri: string) {
    this.#uri = uri
    mkdirSync(join(this.folder, 'bin'))
    this.#add('bin/bay', `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
    for (const [title, script] of recipes()) this.#add(title, script)
  }

  run(title: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<RecipeRun> {
    const base = bayEnvironment({ uri: this.#uri, env })
    const child = spawn(join(this.folder, title), args, { env: { ...base, PATH: `${this.folder}/bin:${base['PATH']}` }, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => { resolve({ code, stdout, stderr }) })
    })
  }

  #add(name: string, script: string): void {
    writeFileSync(join(this.folder, name), script)
    chmodSync(join(this.folder, name), 0o755)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}
