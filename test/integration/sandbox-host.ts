import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection } from '../../src/virt/connection.js'
import { openSandbox } from '../../src/virt/ops/sandbox.js'

/** An embedded host in a folder of its own, for one test. */
export class SandboxHost implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'bay-sandbox-'))
  readonly file: string
  readonly uri: string

  constructor(name = 'host.xml') {
    this.file = join(this.folder, name)
    this.uri = `sandbox:${this.file}`
  }

  /** One run that may write. */
  async change<T>(work: (host: Connection) => T | Promise<T>): Promise<T> {
    await using host = await openSandbox(this.uri, {})
    return await work(host.connection)
  }

  /** One run that only looks. */
  async look<T>(work: (host: Connection) => T | Promise<T>): Promise<T> {
    await using host = await openSandbox(this.uri, { readOnly: true })
    return await work(host.connection)
  }

  get text(): string {
    return readFileSync(this.file, 'utf8')
  }

  get exists(): boolean {
    return existsSync(this.file)
  }

  /** Another one after each time that it was written. */
  get inode(): number {
    return statSync(this.file).ino
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The XML of a machine; `inside` is added to it. */
export function machine(name: string, inside = '', devices = ''): string {
  return `<domain type='test'><name>${name}</name><memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type>hvm</type></os>${inside}`
    + `<devices>${devices}</devices></domain>`
}
