import { parse } from '../../xml/node.js'
import { child, textOf } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { NetworkFilterBinding } from '../filter.js'
import { unlessGone } from './gone.js'
import { isThere } from './undo.js'

/**
 * Removes the filters' bindings of machines that do not run: a daemon that is killed while it starts or stops one keeps them,
 * and refuses the tap's name to the next guest.
 */
export function removeStaleBindings(connection: Connection, uuids: readonly string[]): void {
  const off = new Set(uuids.filter((uuid) => !isThere(connection, { kind: 'running', uuid, name: '' })))
  if (off.size === 0) return
  // The test driver has none.
  using bindings = unlessGone(() => connection.filterBindings(), failure.noSupport)
  for (const binding of bindings ?? []) {
    if (off.has(ownerOf(binding) ?? '')) unlessGone(() => binding.delete(), failure.noFilterBinding)
  }
}

/** The UUID of the machine that it was made for; null when it is gone. */
function ownerOf(binding: NetworkFilterBinding): string | null {
  const xml = unlessGone(() => binding.xml(), failure.noFilterBinding)
  return xml === null ? null : textOf(child(child(parse(xml), 'owner'), 'uuid')) ?? null
}
