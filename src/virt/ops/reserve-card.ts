import { BayError, UsageError } from '../../errors.js'
import { hostnameFor } from '../../provision/cloud-init/files.js'
import { readDomain } from '../../xml/domain-description.js'
import type { ReservationDescription } from '../../xml/network-description.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { domainXml } from '../flags.js'
import type { Network } from '../network.js'
import { placeIn, refuseReserved } from './check-address.js'
import { unlessGone } from './gone.js'
import { macOwner } from './mac-owner.js'
import { refuseLeased } from './refuse-leased.js'
import { freeHostname, isReserved, readSides, release, reserveAddress } from './reserve-address.js'

/** A card, by its own address or as a machine's on a network. */
export interface Card {
  /** in lower case */
  mac: string
  /** null for a card that no machine has */
  machine: string | null
}

export interface Reserved extends Card {
  changed: boolean
  said: string
  ip: string
  /** by which the network's DNS knows it; null when it has no name there */
  hostname: string | null
  notes: string[]
}

/**
 * Reserves an address for a card, in the network as it runs and as it is stored, and looks before whether it may have it. Whoever
 * calls has the network's name for itself.
 * @throws UsageError, BayError `exists`, `not-found`
 */
export function reserveForCard(
  connection: Connection, network: Network, { who, address }: { who: string, address: string }, { dryRun }: { dryRun: boolean },
): Reserved {
  const name = network.name()
  const card = cardOf(connection, name, who)
  const sides = readSides(network)
  const subnets = [sides.live, sides.stored].flatMap((side) => side?.subnets ?? [])
  placeIn(name, (sides.live ?? sides.stored)?.subnets ?? [], { address }, address)
  const reservation = { network: name, networkUuid: network.uuid(), mac: card.mac, ip: address }
  const freeFirst = () => [sh`bay net unreserve ${name} ${card.mac}, and then this again`]
  refuseReserved(name, subnets, reservation, (mac) => macOwner(connection, mac), freeFirst)
  const hostname = card.machine === null ? undefined : freeHostname(sides, hostnameFor(card.machine))
  const common = { ...card, ip: address }
  if (isReserved(sides, reservation)) {
    const known = subnets.flatMap(({ reservations }) => reservations).find(({ ip }) => ip === address)
    return { ...common, changed: false, said: `has ${address} reserved for ${whose(card)} already`, hostname: known?.name ?? null, notes: [] }
  }
  const notes = refuseLeased(connection, reservation, { told: true })
  if (!dryRun) reserveAddress(connection, reservation, hostname)
  return { ...common, changed: true, said: `${dryRun ? 'would reserve' : 'reserves'} ${address} for ${whose(card)}`, hostname: hostname ?? null, notes }
}

export interface Unreserved {
  changed: boolean
  said: string
  released: ReservationDescription[]
}

/** Frees what a network has reserved for a card, a machine's cards on it, an address or a name. @throws BayError `not-found` */
export function unreserve(connection: Connection, network: Network, who: string, { dryRun }: { dryRun: boolean }): Unreserved {
  const wanted = who.toLowerCase()
  const named = ({ mac, ip, name }: ReservationDescription) => [mac, ip, name].some((each) => each?.toLowerCase() === wanted)
  const sides = readSides(network)
  const all = [sides.live, sides.stored].flatMap((side) => side?.subnets ?? []).flatMap(({ reservations }) => reservations)
  const macs = all.some(named) || isMac(who) ? [] : macsOf(connection, network.name(), who) ?? []
  const which = (each: ReservationDescription) => named(each) || (each.mac !== null && macs.includes(each.mac.toLowerCase()))
  const found = [...new Map(all.filter(which).map((each) => [`${each.mac} ${each.ip}`, each])).values()]
  if (found.length === 0) return { changed: false, said: `has nothing reserved for ${who}`, released: [] }
  const released = dryRun ? found : release(network, which)
  return { changed: true, said: `${dryRun ? 'would free' : 'has freed'} ${released.map(({ ip }) => ip).join(', ')}`, released }
}

function isMac(text: string): boolean {
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)
}

function whose({ mac, machine }: Card): string {
  return machine === null ? mac : `${machine} (${mac})`
}

function cardOf(connection: Connection, network: string, who: string): Card {
  if (isMac(who)) {
    const mac = who.toLowerCase()
    if (Number.parseInt(mac.slice(0, 2), 16) % 2 === 1) throw new UsageError(`${who} is a multicast address, no card's`)
    return { mac, machine: macOwner(connection, mac) ?? null }
  }
  const macs = macsOf(connection, network, who)
  const otherwise = 'or give a MAC address: 52:54:00:12:34:56'
  if (macs === null) throw new BayError('not-found', `there is no machine named ${who}`, { hints: ['bay vm list', otherwise] })
  const [mac, ...others] = macs
  if (mac === undefined) {
    throw new BayError('not-found', `${who} has no interface on the network ${network}`, { hints: [sh`bay vm attach nic --network=${network} ${who}`, otherwise] })
  }
  if (others.length > 0) throw new UsageError(`${who} has several interfaces on the network ${network}`, `give the MAC address of one: ${macs.join(', ')}`)
  return { mac, machine: who }
}

/** A machine's cards on a network, as it will start and as it runs; null when there is no such machine. */
function macsOf(connection: Connection, network: string, name: string): string[] | null {
  return unlessGone(() => {
    using domain = connection.domain(name)
    const xmls = [domain.xml(domainXml.inactive), domain.xml()]
    const nics = xmls.flatMap((xml) => readDomain(xml).nics).filter(({ type, source }) => type === 'network' && source === network)
    return [...new Set(nics.flatMap(({ mac }) => mac?.toLowerCase() ?? []))]
  }, failure.noDomain) ?? null
}
