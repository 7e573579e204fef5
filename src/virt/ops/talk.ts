import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import type { Stream } from '../stream.js'
import type { ConsoleInput } from './console-input.js'
import type { ConsoleSteps } from './console-steps.js'

/** How long (ms) to wait before the console is looked at again: every look is a call, so an idle one is seldom looked at. */
const shortest = 5
const longest = 100
/** How often (ms) the connection and the machine are looked at: a stream does not tell that its daemon is dead. */
const lookEvery = 500
/** A pty takes 4096 bytes at a time. */
const sendMost = 4096

export interface Talk {
  input: ConsoleInput
  steps: ConsoleSteps
  /** what the console says, as it comes */
  output: (bytes: Buffer) => Promise<void>
  /** whether nobody listens any more */
  deaf: () => boolean
  /** milliseconds from now */
  timeout?: number
  signal?: AbortSignal
}

/** How a talk ended: all steps were taken, whoever typed left or nobody listened, the time was over, the machine went off. */
export type TalkEnd = 'done' | 'left' | 'time' | 'off'

/**
 * Carries bytes between a console and whoever types and listens, until one of them has had enough.
 * @throws BayError `busy` when somebody else takes the console; VirtError when the host is lost; the signal's reason
 */
export async function talkOn(connection: Connection, domain: Domain, stream: Stream, talk: Talk): Promise<TalkEnd> {
  const { input, steps, signal } = talk
  const deadline = performance.now() + (talk.timeout ?? Infinity)
  const isScript = !steps.over
  let looked = performance.now()
  for (let pause = shortest; ; pause = Math.min(pause * 1.3, longest)) {
    signal?.throwIfAborted()
    const heard = receive(stream)
    if (heard === 'ended') return await whyEnded(connection, domain)
    if (heard) {
      await talk.output(heard)
      steps.hear(heard)
    }
    const typed = steps.take()
    if (typed.length > 0) void input.add(typed)
    const sent = send(stream, input)
    if (input.left || talk.deaf()) return 'left'
    if (isScript && steps.over && input.waiting.length === 0) return 'done'
    const now = performance.now()
    if (now >= deadline) return 'time'
    if (now - looked > lookEvery) {
      looked = now
      if (!connection.isAlive()) throw lost()
    }
    if (heard || sent > 0) pause = shortest
    await input.next(heard ? 0 : Math.min(pause, deadline - now), signal)
  }
}

function receive(stream: Stream): Buffer | 'ended' | null {
  const piece = Buffer.allocUnsafe(64 * 1024)
  try {
    const length = stream.receive(piece)
    return length === 0 ? 'ended' : length === null ? null : piece.subarray(0, length)
  } catch (error) {
    // Whether the host is lost, or only the stream, its connection tells.
    if (error instanceof VirtError) return 'ended'
    throw error
  }
}

function send(stream: Stream, input: ConsoleInput): number {
  if (input.waiting.length === 0) return 0
  const count = offer(stream, input.waiting.subarray(0, sendMost))
  input.sent(count)
  return count
}

/** That nobody takes it is told by the next look at what has come. */
function offer(stream: Stream, bytes: Buffer): number {
  try {
    return stream.offer(bytes) ?? 0
  } catch (error) {
    if (error instanceof VirtError) return 0
    throw error
  }
}

/** The stream ends when the machine goes off, and when another takes the console. The machine's state may come a moment later. */
async function whyEnded(connection: Connection, domain: Domain): Promise<TalkEnd> {
  for (let looks = 0; looks < 10; looks += 1) {
    if (!connection.isAlive()) throw lost()
    if (isOff(domain)) return 'off'
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
  throw new BayError('busy', `somebody else has taken the console of ${domain.name()}`, {
    hints: [sh`bay vm console --force ${domain.name()} takes it back`],
  })
}

function isOff(domain: Domain): boolean {
  try {
    return !domain.isActive()
  } catch (error) {
    // A transient machine is gone.
    if (error instanceof VirtError && error.code === 'not-found') return true
    throw error
  }
}

function lost(): BayError {
  return new BayError('cannot-connect', 'the connection to the host was lost', {
    retryable: true, hints: ['is libvirtd (or virtqemud) running on that host? systemctl status libvirtd'],
  })
}
