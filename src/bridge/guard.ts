import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { failedFile } from './failed-file.js'
import { writeGuardFile } from './guard-file.js'
import type { FromGuard, ToGuard, UndoStep, Waiting } from './guard-messages.js'
import { undoAll } from './undo-plan.js'

/**
 * A process of its own that can undo a change of bridges whatever becomes of bay, of its terminal and of the ssh session that the
 * change may cut. It gets the plan before the first step. A bay that goes without a word is undone at once; a change that waits
 * for its confirmation when its time is over. bay and its guard hold the host's lock together, so nothing else changes meanwhile.
 */
export function guard(): void {
  const state = new GuardState()
  process.on('SIGHUP', () => undefined).on('SIGINT', () => undefined)
  // The system goes down, or somebody ends it: better undone than left to nobody.
  const undoAndEnd = (): void => { void state.undo().then(() => process.exit(0)) }
  process.on('SIGTERM', undoAndEnd).on('uncaughtException', undoAndEnd)
  process.stdout.on('error', () => undefined)
  listen(state, process.stdin, process.stdout)
  process.stdin.on('close', () => { if (!state.waits) undoAndEnd() })
}

class GuardState {
  #task: { plan: UndoStep[], bridge: string, file: string } | undefined
  #waiting: (Waiting & { socket: string }) | undefined
  #server: Server | undefined
  #end: Promise<FromGuard> | undefined

  get waits(): boolean {
    return this.#waiting !== undefined
  }

  /** The answer, and whether it is the last. */
  async hear(message: ToGuard): Promise<{ answer: FromGuard, last: boolean }> {
    if ('plan' in message) {
      this.#task = message
      this.#write()
      return { answer: { ready: true }, last: false }
    }
    if ('wait' in message) return { answer: await this.#wait(message.wait), last: false }
    if ('undo' in message) return { answer: await this.undo(), last: true }
    const waiting = this.#waiting
    if ('who' in message && waiting) return { answer: { waiting }, last: false }
    if (waiting && 'keep' in message && message.keep !== waiting.bridge) return { answer: { other: waiting }, last: false }
    return { answer: await this.#keep(), last: true }
  }

  undo(): Promise<FromGuard> {
    this.#end ??= this.#undo()
    return this.#end
  }

  #keep(): Promise<FromGuard> {
    this.#end ??= Promise.resolve({ kept: true })
    this.#close()
    return this.#end
  }

  async #undo(): Promise<FromGuard> {
    const undone = await undoAll(this.#task?.plan ?? [])
    // Perhaps nobody is there to be told.
    if (undone.length > 0 && this.#waiting) writeFileSync(failedFile(this.#waiting.socket), `${undone.join('\n')}\n`, { mode: 0o600 })
    this.#close()
    return { undone }
  }

  #wait(waiting: Waiting & { socket: string }): Promise<FromGuard> {
    this.#waiting = waiting
    this.#write()
    const server = this.#server = createServer((socket) => {
      socket.on('error', () => undefined)
      listen(this, socket, socket)
    })
    setTimeout(() => {
      void this.undo().then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0)))
    }, Date.parse(waiting.until) - Date.now())
    rmSync(waiting.socket, { force: true })
    return new Promise((resolve) => {
      server.on('error', () => resolve(this.undo())).listen(waiting.socket, () => {
        chmodSync(waiting.socket, 0o600)
        resolve({ waiting })
      })
    })
  }

  /** What this process knows, for whoever comes when it was killed. */
  #write(): void {
    if (!this.#task) return
    const { plan, bridge, file } = this.#task
    const { keptBy, until } = this.#waiting ?? {}
    const waiting = keptBy === undefined || until === undefined ? null : { bridge, keptBy, until }
    writeGuardFile(file, { version: 1, bridge, plan, waiting })
  }

  #close(): void {
    if (this.#task) rmSync(this.#task.file, { force: true })
    this.#server?.close()
    if (this.#waiting) rmSync(this.#waiting.socket, { force: true })
  }
}

function listen(state: GuardState, from: Readable, to: Writable): void {
  createInterface({ input: from }).on('line', (line) => {
    void state.hear(JSON.parse(line) as ToGuard).then(({ answer, last }) => {
      // bay, if it still asks at a terminal, is to hear that somebody else has answered.
      if (last && to !== process.stdout) process.stdout.write(`${JSON.stringify(answer)}\n`)
      to.write(`${JSON.stringify(answer)}\n`, () => { if (last) process.exit(0) })
    })
  })
}
