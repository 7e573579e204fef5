import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A state folder that this process has for one test; what it said before comes back. */
export class OwnState implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'bay-state-'))
  readonly journals = join(this.folder, 'bay', 'journal')
  readonly locks = join(this.folder, 'bay', 'locks')
  readonly #before = process.env['XDG_STATE_HOME']

  constructor() {
    process.env['XDG_STATE_HOME'] = this.folder
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) delete process.env['XDG_STATE_HOME']
    else process.env['XDG_STATE_HOME'] = this.#before
    rmSync(this.folder, { recursive: true })
  }
}
