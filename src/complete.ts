import { candidates, type Candidate, type NamesWanted } from './completion/candidates.js'
import { readManifest } from './completion/manifest.js'
import { exitThrough } from './exit.js'
import { writeOut } from './output/streams.js'

/** What a person waits for after Tab (ms). */
const limit = 1000

/**
 * Prints what may stand where the cursor is, one candidate a line, with a tab and a few words about it: the hidden
 * `bay __complete WORD…`, which the scripts of `bay completion` call. The last word is what was typed of it, perhaps
 * nothing. Whatever goes wrong, it prints nothing more and ends with 0. It knows neither oclif nor the commands' code.
 */
export async function complete(words: readonly string[]): Promise<number> {
  try {
    const found = candidates(readManifest(), words)
    const typed = words.at(-1) ?? ''
    await offer(Array.isArray(found) ? found : found.also, typed)
    if (!Array.isArray(found)) await offer(await named(found), typed)
  } catch {
    // Nobody can read a message here.
  }
  return 0
}

function offer(found: readonly Candidate[], typed: string): Promise<void> {
  return writeOut(found.filter((each) => fits(each, typed)).map(({ value, about }) => `${value}\t${brief(about)}\n`).join(''))
}

/** A call to a host that is stuck cannot be ended, so nobody waits for it; then the process must end in libc's way. */
async function named(wanted: NamesWanted): Promise<Candidate[]> {
  const deadline = performance.now() + limit
  const [{ liveNames }, { exitNow }] = await Promise.all([import('./completion/names.js'), import('./virt/exit.js')])
  exitThrough(exitNow)
  const late = new Promise<string[]>((resolve) => setTimeout(resolve, deadline - performance.now(), []))
  const names = await Promise.race([liveNames(wanted, deadline), late])
  return names
    .filter((name) => !wanted.taken.includes(name) && !(wanted.noDash && name.startsWith('-')))
    .map((name) => ({ value: `${wanted.before}${name}`, about: '' }))
}

/** A name with a control character, or what turns the direction of text, cannot be typed and is not shown. */
function fits({ value }: Candidate, typed: string): boolean {
  return value.startsWith(typed) && (/^[ -~]*$/.test(value) || !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value))
}

function brief(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
