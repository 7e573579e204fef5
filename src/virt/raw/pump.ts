import { DataType } from 'ffi-rs'
import { call } from './bind.js'
import { callNativeInThread, libvirtFunction } from './library.js'

/**
 * libvirt's event loop, run on a thread of Node's pool: https://libvirt.org/html/libvirt-libvirt-event.html
 *
 * C never calls JavaScript. Each event is registered with a harmless function of libvirt's own as its callback; what
 * matters is that the loop's turn ends when something came in. Then everybody who waits looks at the real state again.
 */

let registered = false
let wakeTimer = -1
let users = 0
let turning: Promise<void> | null = null
const listeners = new Set<() => void>()

/** Must be called before the first connection is opened, or that connection has neither events nor keepalive. */
export function registerEventLoop(): void {
  if (registered) return
  call.virEventRegisterDefaultImpl()
  registered = true
}

/** A function that may be called with anything and does nothing: it clears the calling thread's own last error. */
export function harmlessCallback(): bigint {
  return libvirtFunction('virResetLastError')
}

/** Runs the loop until the returned function is called; `onTurn` is called whenever something came in. */
export function runEventLoop(onTurn: () => void): () => void {
  registerEventLoop()
  if (wakeTimer < 0) wakeTimer = call.virEventAddTimeout(-1, harmlessCallback(), 0n, 0n)
  listeners.add(onTurn)
  users += 1
  turning ??= turn()
  let released = false
  return () => {
    if (released) return
    released = true
    listeners.delete(onTurn)
    users -= 1
    // A timer that is due at once ends the turn that is waiting, so that the thread is free and the process can end.
    if (users === 0) call.virEventUpdateTimeout(wakeTimer, 0)
  }
}

async function turn(): Promise<void> {
  while (users > 0) {
    await callNativeInThread({
      library: 'libvirt', name: 'virEventRunDefaultImpl', result: DataType.I32, types: [], values: [],
    })
    for (const listener of [...listeners]) listener()
  }
  call.virEventUpdateTimeout(wakeTimer, -1)
  turning = null
}
