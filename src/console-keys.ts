import type { ConsoleInput } from './virt/ops/console-input.js'

/** Ctrl-] */
const leaveKey = 0x1d

/**
 * Gives a console what comes on stdin; on a terminal Ctrl-] leaves. The end of a pipe or a file ends nothing: what the guest
 * answers is still to come.
 */
export function typeInto(input: ConsoleInput): Disposable {
  const { stdin } = process
  const isTerminal = stdin.isTTY === true
  const hear = (bytes: Buffer) => {
    const at = isTerminal ? bytes.indexOf(leaveKey) : -1
    if (at >= 0) input.leave()
    // Who types waits for nobody; a file must not run ahead.
    if (!isTerminal) stdin.pause()
    void input.add(at < 0 ? bytes : bytes.subarray(0, at)).then(() => { if (!isTerminal) stdin.resume() })
  }
  stdin.on('data', hear)
  return { [Symbol.dispose]: () => { stdin.off('data', hear).pause() } }
}
