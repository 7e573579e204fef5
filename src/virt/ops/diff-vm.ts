import { comparableDomains } from '../../xml/comparable.js'
import type { Domain } from '../domain.js'
import { domainXml } from '../flags.js'

/** What runs and what is stored of a machine, made comparable; why there is nothing to compare, or null. */
export interface VmSides {
  uuid: string
  running: boolean
  live: string
  stored: string
  nothing: string | null
}

/** Both documents of a machine. One that is off, or that is not stored, has no two sides. */
export function sidesOf(domain: Domain): VmSides {
  const running = domain.isActive()
  const uuid = domain.uuid()
  if (!running) {
    const saved = domain.isPersistent() && domain.hasSavedState()
    return { uuid, running, live: '', stored: '', nothing: saved ? 'is saved: it goes on as it was saved, until it is stopped' : 'is off: nothing runs beside what is stored' }
  }
  if (!domain.isPersistent()) return { uuid, running, live: '', stored: '', nothing: 'is transient: nothing of it is stored' }
  return { uuid, running, ...comparableDomains(domain.xml(), domain.xml(domainXml.inactive)), nothing: null }
}
