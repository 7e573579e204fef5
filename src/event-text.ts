import { UsageError } from './errors.js'
import { fitsGlob } from './names.js'
import { escapeControl } from './output/escape.js'
import { eventKinds } from './virt/event-kinds.js'
import type { HostEvent } from './virt/events.js'

/** The names that events have. */
const eventNames: readonly string[] = [...new Set(eventKinds.map(({ event }) => event))]

/** An event in a line: when, what, which, and why. */
export function eventLine({ time, kind, name, event, state, reason, details }: HostEvent): string {
  const more = Object.entries(details).flatMap(([key, value]) => value === null || value === '' ? [] : [`${key}=${value}`])
  const words = [time, kind, name, event, ...state === null ? [] : [state], ...reason === null ? [] : [`(${reason})`], ...more]
  return `${words.map(escapeControl).join(' ')}\n`
}

/** `started`, `lifecycle`, `block-job:ready`: an event, its state, or both. @throws UsageError */
export function parseEventPattern(text: string): (event: HostEvent) => boolean {
  const [first = '', state] = text.split(':')
  if (state === undefined && !eventNames.includes(first)) {
    if (!states.has(first)) throw unknownPattern(text)
    return (event) => event.state === first
  }
  const known = eventKinds.filter(({ event }) => event === first)
  if (known.length === 0 || (state !== undefined && !states.has(state))) throw unknownPattern(text)
  return (event) => event.event === first && (state === undefined || event.state === state)
}

/** Those of the kinds and names that were asked for; nothing asked for is everything. */
export function eventFilter(
  { names, kinds, events }: { names: readonly string[], kinds: readonly string[], events: readonly string[] },
): (event: HostEvent) => boolean {
  const patterns = events.map(parseEventPattern)
  return (event) => (names.length === 0 || names.some((glob) => fitsGlob(glob, event.name)))
    && (kinds.length === 0 || kinds.includes(event.kind)) && (patterns.length === 0 || patterns.some((fits) => fits(event)))
}

const states = new Set(eventKinds.flatMap(({ fields }) => fields.flatMap(({ key, words }) =>
  key === 'state' && Array.isArray(words) ? words as readonly string[] : [])))

function unknownPattern(text: string): UsageError {
  return new UsageError(`there is no event ${text}`, `events are ${eventNames.join(', ')}`, 'with a state: lifecycle:stopped, agent:connected, block-job:ready')
}
