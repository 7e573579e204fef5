import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { BayError } from '../errors.js'
import { programFile } from '../program-file.js'
import type { FromGuard, ToGuard, UndoStep, Waiting } from './guard-messages.js'

/** What its change is of, and where it writes down what it knows. */
interface About { bridge: string, file: string }

/** The guard of one change, from bay's side. */
export class Guard {
  readonly #to: Writable
  readonly #from: Readable
  readonly #answers: AsyncIterator<string>
  readonly #about: About

  private constructor(to: Writable, from: Readable, about: About) {
    this.#about = about
    this.#to = to
    this.#from = from
    this.#answers = createInterface({ input: from })[Symbol.asyncIterator]()
  }

  /**
   * Starts one that knows how to undo what comes. It holds the lock's file open too, and writes down what it knows.
   * @throws BayError when it does not answer
   */
  static async start(plan: readonly UndoStep[], { lock, ...about }: About & { lock: number }): Promise<Guard> {
    const script = fileURLToPath(programFile('bin/bridge-guard.js'))
    const child = spawn(process.execPath, [script], { cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'ignore', lock] })
    // What goes wrong with it shows in that it does not answer.
    child.on('error', () => undefined).unref()
    const { stdin, stdout } = child
    if (stdin === null || stdout === null) throw new TypeError('the guard has no pipes')
    stdin.on('error', () => undefined)
    const guard = new Guard(stdin, stdout, about)
    await guard.replan(plan)
    return guard
  }

  /** Gives it another plan, before more is done. */
  async replan(plan: readonly UndoStep[]): Promise<void> {
    await this.#say({ plan: [...plan], ...this.#about })
  }

  /** All is well. */
  async keep(bridge: string): Promise<FromGuard> {
    return this.#say({ keep: bridge })
  }

  /** Undoes all of it: gives what could not be undone. */
  async undo(): Promise<string[]> {
    const answer = await this.#say({ undo: true })
    return 'undone' in answer ? answer.undone : []
  }

  /** From now on it is undone at that time unless somebody keeps it, also when this process is gone. @throws BayError */
  async wait(waiting: Waiting & { socket: string }): Promise<void> {
    const answer = await this.#say({ wait: waiting })
    if (!('waiting' in answer)) throw new BayError('failed', `nobody could have confirmed it (${waiting.socket}); it is undone`)
  }

  /** Says something whose answer `next` gives, unless the guard had something to say before. */
  tell(message: ToGuard): void {
    this.#to.write(`${JSON.stringify(message)}\n`)
  }

  /** Leaves it alone with its task. */
  leave(): void {
    this.#to.destroy()
    this.#from.destroy()
  }

  #say(message: ToGuard): Promise<FromGuard> {
    this.tell(message)
    return this.next()
  }

  /** What it says next, be it by itself: that the time was over. @throws BayError when it has ended */
  async next(): Promise<FromGuard> {
    const { value, done } = await this.#answers.next() as IteratorResult<string, undefined>
    if (done) throw new BayError('failed', 'the process that would undo the change has ended; look at what is there: bay bridge list')
    return JSON.parse(value) as FromGuard
  }
}

/** Asks the guard that waits at that socket; null when none does. @throws BayError when it does not answer */
export function askWaiting(socket: string, message: ToGuard): Promise<FromGuard | null> {
  if (!existsSync(socket)) return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket)
    const failed = () => reject(new BayError('failed', 'the process that waits for the confirmation does not answer'))
    connection.setTimeout(20_000, failed)
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(null)
      else failed()
    })
    // It passes on the connection's errors, which are heard above.
    createInterface({ input: connection }).on('error', () => undefined).once('line', (line) => {
      connection.end()
      resolve(JSON.parse(line) as FromGuard)
    }).once('close', () => resolve(null))
    connection.write(`${JSON.stringify(message)}\n`)
  })
}
