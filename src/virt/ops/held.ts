import type { Connection } from '../connection.js'
import { lockName } from './host-lock.js'

/** Locks and handles that are given back together, the last first. */
export class Held implements Disposable {
  readonly #held: Disposable[] = []

  add<T extends Disposable>(each: T): T {
    this.#held.push(each)
    return each
  }

  [Symbol.dispose](): void {
    for (const each of this.#held.splice(0).reverse()) each[Symbol.dispose]()
  }
}

/** Keeps other runs away from several machines. Sorted, so that two runs never wait for each other. @throws as `lockName` */
export async function lockMachines(connection: Connection, names: readonly string[], signal?: AbortSignal): Promise<Held> {
  const held = new Held()
  try {
    for (const name of [...new Set(names)].sort()) held.add(await lockName(connection.uri(), 'vm', name, signal))
    return held
  } catch (error) {
    held[Symbol.dispose]()
    throw error
  }
}
