import { DataType } from 'ffi-rs'
import { call } from './bind.js'
import { callNative, callNativeInThread, libcFunction } from './library.js'

/**
 * libvirt's event loop: https://libvirt.org/html/libvirt-libvirt-event.html
 *
 * It must turn even while this thread waits in a call, or a daemon that stopped answering would never be noticed. So it
 * runs as GLib's own loop, which libvirt's is made of (since 6.0), on one thread of Node's pool, from the first user to
 * the last. libvirt's virEventRunDefaultImpl would come back after each turn and wait for JavaScript to begin the next.
 */

let registered = false
let users = 0
let stop: (() => void) | null = null

/** Must be called before the first connection is opened, or that connection has neither events nor keepalive. */
export function registerEventLoop(): void {
  if (registered) return
  call.virEventRegisterDefaultImpl()
  registered = true
}

/** Keeps the loop turning until the returned function is called. */
export function holdEventLoop(): () => void {
  registerEventLoop()
  users += 1
  stop ??= run()
  let held = true
  return () => {
    if (!held) return
    held = false
    users -= 1
    if (users > 0) return
    stop?.()
    stop = null
  }
}

/** Has the loop, while somebody holds it, call libc's _exit(0) after so many milliseconds: no JavaScript has to run for that. */
export function endProcessOnLoop(milliseconds: number): void {
  // The data is what _exit takes for the code. https://docs.gtk.org/glib/func.timeout_add.html
  glib('g_timeout_add', DataType.U32, [DataType.U32, DataType.BigInt, DataType.BigInt], [Math.ceil(milliseconds), libcFunction('_exit'), 0n])
}

/** Begins a loop on a thread of its own and gives what ends it. */
function run(): () => void {
  const loop = glib('g_main_loop_new', DataType.BigInt, [DataType.BigInt, DataType.I32], [0n, 0]) as bigint
  let ended = false
  const running = callNativeInThread({
    library: 'glib', name: 'g_main_loop_run', result: DataType.Void, types: [DataType.BigInt], values: [loop],
  })
  void running.then(() => {
    ended = true
    onLoop('g_main_loop_unref', loop)
  })
  // A quit that comes before the thread has begun is lost, so it is said until it was heard.
  const quit = () => {
    if (ended) return
    onLoop('g_main_loop_quit', loop)
    setTimeout(quit, 5)
  }
  return quit
}

function onLoop(name: 'g_main_loop_quit' | 'g_main_loop_unref', loop: bigint): void {
  glib(name, DataType.Void, [DataType.BigInt], [loop])
}

function glib(name: string, result: DataType, types: DataType[], values: unknown[]): unknown {
  return callNative({ library: 'glib', name, result, types, values })
}
