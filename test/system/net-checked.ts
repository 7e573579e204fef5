import { mkdirSync, writeFileSync } from 'node:fs'
import { program } from '../lab/bay.js'
import type { Rig } from './rig.js'

export interface Found { check: string, level: string, message: string, hint: string | null }

/** `bay net check` as it is typed on the host itself, and the lines that it advises. */
export class Checked {
  readonly #rig: Rig
  readonly #path: string

  constructor(rig: Rig) {
    this.#rig = rig
    this.#path = `${rig.files}/on-host`
    mkdirSync(this.#path, { recursive: true })
    const line = `XDG_STATE_HOME=${rig.files} exec '${process.execPath}' '${program}' -c qemu:///system "$@"`
    writeFileSync(`${this.#path}/bay`, `#!/bin/sh\n${line}\n`, { mode: 0o755 })
  }

  /** Types it there. @throws Error when it fails */
  async does(line: string): Promise<void> {
    const { code, stderr } = await this.#typed(line)
    if (code !== 0) throw new Error(`${line}: ${stderr}`)
  }

  /** What is found, without what is well. */
  async finds(...names: string[]): Promise<{ code: number | null, found: Found[] }> {
    const { code, stdout } = await this.#typed(`bay net check --json ${names.join(' ')}`)
    return { code, found: (JSON.parse(stdout) as Found[]).filter(({ level }) => level !== 'ok') }
  }

  /** Does what was advised, each line once. */
  async mends(found: readonly Found[]): Promise<void> {
    for (const line of new Set(found.map(({ hint }) => hint ?? 'false'))) await this.does(line)
  }

  #typed(line: string) {
    return this.#rig.host.exec(['sh', '-c', `PATH=${this.#path}:$PATH; ${line}`])
  }
}
