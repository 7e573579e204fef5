import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readPool } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import { defaultPool } from './default-pool.js'
import type { StoragePool } from '../pool.js'

/** A running pool that a new machine's disks go into. */
export interface PlannedPool {
  pool: string
  handle: StoragePool
  /** where its volumes are; empty where they are no files */
  folder: string
  /** whether its volumes are files, which take room as they are written */
  holdsFiles: boolean
  /** bytes, when the pool was last looked at; null when libvirt has not looked */
  available: number | null
}

/** The pools of a plan, each asked about once. */
export class PlanPools implements Disposable {
  readonly #connection: Connection
  readonly #flag: string
  readonly #found = new Map<string | undefined, PlannedPool>()

  /** `flag` is what says the pool on the command line, before SIZE */
  constructor(connection: Connection, flag = '--disk') {
    this.#connection = connection
    this.#flag = flag
  }

  /** The pool of that name, or the one that is meant without a name. @throws BayError `not-found`, `wrong-state`, UsageError */
  choose(name: string | undefined): PlannedPool {
    const known = this.#found.get(name)
    if (known) return known
    const flag = (pool: string) => `${this.#flag} SIZE,pool=${pool}`
    const chosen = name === undefined ? this.choose(defaultPool(this.#connection, { what: 'disk', flag })) : this.#lookAt(name)
    this.#found.set(name, chosen)
    return chosen
  }

  get all(): PlannedPool[] {
    return [...new Set(this.#found.values())]
  }

  [Symbol.dispose](): void {
    for (const { handle } of this.all) handle[Symbol.dispose]()
  }

  #lookAt(pool: string): PlannedPool {
    const handle = lookUp(this.#connection, pool)
    try {
      if (!handle.isActive()) throw new BayError('wrong-state', `the pool ${pool} is not active`, { hints: [sh`bay pool start ${pool}`] })
      const { path, type, available } = readPool(handle.xml())
      return { pool, handle, folder: path ?? '', holdsFiles: fileTypes.includes(type), available }
    } catch (error) {
      handle[Symbol.dispose]()
      throw error
    }
  }
}

/** Pools whose volumes are files, which take room as they are written. */
export const fileTypes: readonly string[] = ['dir', 'fs', 'netfs', 'vstorage']

function lookUp(connection: Connection, pool: string): StoragePool {
  try {
    return connection.pool(pool)
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    throw error.restated(`there is no pool named ${pool}`, ['bay pool list', sh`bay pool create --path DIR ${pool}`])
  }
}
