import { sh } from '../../shell.js'
import { described } from '../../xml/machine-devices.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { affect } from '../flags.js'
import { askMade } from './ask-made.js'
import { changeDefinition, storedDefinition } from './change-definition.js'
import { isFilteredAlike, referenceIn, sameNic, sameReference, setReference, waysTo } from './nic-filter.js'
import type { Made, Undoing } from './undo-kind.js'

/** An interface of a machine, with the filter that it had; `nic` is its XML. */
export interface FilteredNicBefore extends Made { nic: string }

/** The filter of a running machine's interface that a run exchanged, perhaps not to the end: then its link is down. */
export const runningNic: Undoing<FilteredNicBefore> = {
  fields: ['uuid', 'name', 'nic'],
  leaves: (made) => `the running ${macOf(made)} of ${made.name} with another filter, or with its link down`,
  removeBy: ({ name }) => sh`bay vm stop ${name}, and start it again`,
  isThere: (connection, made) => askMade(connection, made, (domain) => {
    const now = domain.isActive() ? nicIn(domain.xml(), made) : undefined
    return now !== undefined && !isFilteredAlike(now, parse(made.nic))
  }),
  undo: (connection, made) => {
    using domain = connection.domainByUuid(made.uuid)
    const now = nicIn(domain.xml(), made)
    if (!now) return
    for (const each of waysTo(parse(made.nic), now)) domain.updateDevice(serialize(each), affect.live)
  },
}

/** The same of what it starts with the next time. */
export const storedNic: Undoing<FilteredNicBefore> = {
  fields: ['uuid', 'name', 'nic'],
  leaves: (made) => `${macOf(made)} with another filter in the definition of ${made.name}`,
  removeBy: ({ name }) => sh`bay undo ${name}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => {
    const now = domain.isPersistent() ? nicIn(storedDefinition(domain), made) : undefined
    return now !== undefined && !sameReference(referenceIn(now), referenceIn(parse(made.nic)))
  }),
  undo: (connection, made) => {
    using domain = connection.domainByUuid(made.uuid)
    changeDefinition(connection, domain, (root) => {
      const now = sameNic(root, parse(made.nic))
      if (now) setReference(now, referenceIn(parse(made.nic)))
    }, { command: 'recover', dryRun: false })
  },
}

function nicIn(xml: string, { nic }: FilteredNicBefore): XmlElement | undefined {
  return sameNic(parse(xml), parse(nic))
}

function macOf({ nic }: FilteredNicBefore): string {
  return described(parse(nic)).name
}
