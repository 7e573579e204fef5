import { escapeControl } from './escape.js'
import { isTerminal, writeErr, writeOut } from './streams.js'

interface Streams { stdout: Buffer, stderr: Buffer }

/**
 * What a program in a guest printed, as bytes; to a terminal as text that cannot control it, unless `raw`. What it wrote
 * on stdout comes before what it wrote on stderr: the agent keeps them apart, without times.
 */
export async function showGuestOutput({ stdout, stderr }: Streams, { raw }: { raw: boolean }): Promise<void> {
  await writeOut(raw || !isTerminal() ? stdout : forTerminal(stdout))
  if (stderr.length > 0) writeErr(raw || !process.stderr.isTTY ? stderr : forTerminal(stderr))
}

/** Bytes as text in which only line ends and tabs do anything. */
export function forTerminal(bytes: Buffer): string {
  return bytes.toString('utf8').split(/(\r?\n|\t)/).map((part, at) => at % 2 === 1 ? part : escapeControl(part)).join('')
}

/** The same for programs to read: as text when all of it is UTF-8, else as base64. */
export function guestTexts({ stdout, stderr }: Streams) {
  const encoding = [stdout, stderr].every(isText) ? 'utf8' as const : 'base64' as const
  return { stdout: stdout.toString(encoding), stderr: stderr.toString(encoding), encoding }
}

/** One such stream. */
export function guestText(bytes: Buffer): { output: string, encoding: 'utf8' | 'base64' } {
  const encoding = isText(bytes) ? 'utf8' : 'base64'
  return { output: bytes.toString(encoding), encoding }
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes)
}
