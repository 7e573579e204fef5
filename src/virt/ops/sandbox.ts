import { BayError } from '../../errors.js'
import type { XmlElement } from '../../xml/node.js'
import { Connection, type OpenOptions } from '../connection.js'
import type { Host } from './host.js'
import { captureState } from './sandbox-capture.js'
import { readStateFile, stateFileOf, temporaryStateFile, writeStateFile, type OpenedState } from './sandbox-file.js'
import { lockState } from './sandbox-lock.js'
import { mendDefineNetwork } from './sandbox-mend.js'
import { advice, freshHost, parseState, restoreState, serializeState } from './sandbox-state.js'

/**
 * Opens the embedded host: libvirt's test driver with its state in a file. `uri` is `sandbox` or `sandbox:FILE`.
 * For changes the file is locked until the host is given up, which writes the state back if it has become another; for
 * looking it is locked only while it is read. See docs/decisions/0005-embedded-host.md.
 * @throws BayError `busy` when another run changes it all the time, UsageError when the file is no state
 */
export async function openSandbox(uri: string, { readOnly = false, timeout }: OpenOptions): Promise<Host> {
  const file = stateFileOf(uri)
  const lock = await lockState(file, { exclusive: !readOnly })
  try {
    const { connection, root, text } = await load(file.path, timeout)
    if (readOnly) lock?.[Symbol.dispose]()
    return {
      connection, uri, shared: false,
      async [Symbol.asyncDispose]() {
        using _connection = connection
        using _lock = lock
        if (!readOnly) await save(connection, root, file.path, text)
      },
    }
  } catch (error) {
    lock?.[Symbol.dispose]()
    throw error
  }
}

interface Loaded {
  connection: Connection
  root: XmlElement
  /** what the file holds; null when there is none yet */
  text: string | null
}

/** libvirt lets nobody change what it opened read-only, not even us who restore what its file format leaves out. */
async function load(path: string, timeout: number | undefined): Promise<Loaded> {
  using opened = readStateFile(path)
  if (opened) return { ...await start(opened, path, timeout), text: opened.text }
  using fresh = temporaryStateFile(serializeState(freshHost()))
  return { ...await start(fresh, path, timeout), text: null }
}

async function start({ text, fd }: OpenedState, path: string, timeout: number | undefined): Promise<Omit<Loaded, 'text'>> {
  const root = parseState(text, path)
  // By its descriptor: no character of the path needs an escape, and libvirt reads the very file that was checked.
  const connection = await Connection.open(`test:///proc/self/fd/${fd}`, timeout === undefined ? {} : { timeout })
    .catch((error: unknown) => { throw notUnderstood(path, error) })
  try {
    restoreState(connection, root)
    mendDefineNetwork(connection)
    return { connection, root }
  } catch (error) {
    connection[Symbol.dispose]()
    throw notUnderstood(path, error)
  }
}

async function save(connection: Connection, root: XmlElement, path: string, before: string | null): Promise<void> {
  const after = serializeState(await captureState(connection, root))
  if (after !== before) writeStateFile(path, after)
}

function notUnderstood(path: string, cause: unknown): unknown {
  if (!(cause instanceof BayError)) return cause
  return new BayError('usage', `libvirt does not understand the state file ${path}: ${cause.message}`, {
    cause, hints: [advice],
  })
}
