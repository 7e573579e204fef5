/** How much of a console is told: lines, and bytes of each and of all. */
const most = { lines: 20, line: 500, bytes: 4096 }

/** Colours, cursor and titles, which are of no use in a list of lines: `ESC [ … letter`, `ESC ] … BEL`, and the short ones. */
const steering = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]/g

/**
 * The last lines of what a serial console has said, as its guest wrote them but for what steers a terminal; other control
 * characters stay for whoever shows them to escape. A line that was written over with a carriage return is as it was last.
 */
export function consoleLines(bytes: Uint8Array): string[] {
  const text = withoutSteering(Buffer.from(bytes).toString('utf8'))
  const lines = text.split('\n').map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '').filter((line) => line.trim() !== '')
  let left = most.bytes
  return lines.slice(-most.lines).map((line) => line.slice(0, most.line)).reverse()
    .filter((line) => (left -= Buffer.byteLength(line)) >= 0).reverse()
}

/** The text without what steers a terminal; other control characters stay. */
export function withoutSteering(text: string): string {
  return text.replaceAll(steering, '')
}
