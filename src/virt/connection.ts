import { BayError } from '../errors.js'
import { Domain } from './domain.js'
import { VirtError, failure } from './errors.js'
import { NetworkFilter, NetworkFilterBinding } from './filter.js'
import { all, Handle, listed } from './handle.js'
import { readMemoryStats, type MemoryStats } from './memory-stats.js'
import { Network } from './network.js'
import { NodeDevice } from './node-device.js'
import { StoragePool } from './pool.js'
import { call, callInBackground, openInBackground } from './raw/bind.js'
import { holdEventLoop, registerEventLoop } from './raw/event-loop.js'
import type { Pointer } from './raw/types.js'
import { longFrom } from './read.js'
import { Secret } from './secret.js'
import { readDomainStats, type DomainStats } from './stats.js'
import { start, validate } from './flags.js'
import { StorageVolume } from './volume.js'

export interface OpenOptions {
  readOnly?: boolean
  /** milliseconds until a daemon that does not answer is given up; 30 s when absent */
  timeout?: number
}

export interface NodeInfo {
  model: string
  /** bytes */
  memory: number
  cpus: number
  mhz: number
  nodes: number
  sockets: number
  cores: number
  threads: number
}

/** A libvirt host: https://libvirt.org/html/libvirt-libvirt-host.html */
export class Connection extends Handle<'conn'> {
  #release: () => void = () => undefined

  /**
   * Opens a connection; null means libvirt's own choice (LIBVIRT_DEFAULT_URI, then libvirt.conf, then a guess).
   * @throws VirtError, or BayError `cannot-connect` when nobody answers in time
   */
  static async open(uri: string | null, { readOnly = false, timeout = 30_000 }: OpenOptions = {}): Promise<Connection> {
    registerEventLoop()
    const opening = openInBackground(readOnly ? 'virConnectOpenReadOnly' : 'virConnectOpen', uri)
    const connection = new Connection(await answered(opening, timeout))
    connection.#watchPeer()
    return connection
  }

  /** Whether its files are this machine's files. */
  isLocal(): boolean { return !isRemote(this.uri()) }
  isAlive(): boolean { return call.virConnectIsAlive(this.pointer) }
  type(): string { return call.virConnectGetType(this.pointer) }
  uri(): string { return call.virConnectGetURI(this.pointer) }
  hostname(): string { return call.virConnectGetHostname(this.pointer) }
  capabilities(): string { return call.virConnectGetCapabilities(this.pointer) }
  /** the hypervisor's version as major * 1,000,000 + minor * 1,000 + release */
  version(): number { return longFrom((place) => call.virConnectGetVersion(this.pointer, place)) }
  /** the daemon's libvirt version, in the same form */
  libraryVersion(): number { return longFrom((place) => call.virConnectGetLibVersion(this.pointer, place)) }

  /** Domain capabilities as XML; what is null is libvirt's choice. https://libvirt.org/formatdomaincaps.html */
  domainCapabilities(want: { emulator?: string, arch?: string, machine?: string, virt?: string } = {}): string {
    return call.virConnectGetDomainCapabilities(
      this.pointer, want.emulator ?? null, want.arch ?? null, want.machine ?? null, want.virt ?? null, 0,
    )
  }

  nodeInfo(): NodeInfo {
    const info = Buffer.alloc(72)
    call.virNodeGetInfo(this.pointer, info)
    const [cpus, mhz, nodes, sockets, cores, threads] = [40, 44, 48, 52, 56, 60].map((at) => info.readUInt32LE(at))
    return {
      model: info.toString('utf8', 0, 32).replace(/\0.*$/s, ''), memory: Number(info.readBigUInt64LE(32)) * 1024,
      cpus: cpus ?? 0, mhz: mhz ?? 0, nodes: nodes ?? 0, sockets: sockets ?? 0, cores: cores ?? 0, threads: threads ?? 0,
    }
  }

  /** The host's memory as it is now; null where the driver does not tell. nodeInfo() has what there was when libvirtd started. */
  memoryStats(): MemoryStats | null { return readMemoryStats(this.pointer) }

  domains(flags = 0): Domain[] & Disposable {
    return all(listed<'domain'>((slot) => call.virConnectListAllDomains(this.pointer, slot, flags)).map((p) => new Domain(p, this.pointer)))
  }

  /** What libvirt knows of all machines, in one call. `kinds` are virDomainStatsTypes. */
  domainStats(kinds: number, flags = 0): DomainStats[] {
    return readDomainStats((slot) => call.virConnectGetAllDomainStats(this.pointer, kinds, slot, flags))
  }

  domain(name: string): Domain { return new Domain(call.virDomainLookupByName(this.pointer, name), this.pointer) }
  domainByUuid(uuid: string): Domain { return new Domain(call.virDomainLookupByUUIDString(this.pointer, uuid), this.pointer) }
  /** Starts a machine as this XML says; one of that UUID that is defined and off keeps its definition. */
  async startAs(xml: string, flags = 0): Promise<Domain> {
    return new Domain(await callInBackground(this.pointer, 'virDomainCreateXML', this.pointer, xml, start.validate | flags), this.pointer)
  }

  /** Starts a machine from a file with its memory, as this XML says; `flags` are virDomainSaveRestoreFlags. */
  restore(path: string, xml: string, flags = 0): Promise<void> {
    return callInBackground(this.pointer, 'virDomainRestoreFlags', this.pointer, path, xml, flags)
  }

  /** libvirt reads its schema for each document that it checks: many milliseconds, so that several connections are worth it. */
  async defineDomainInBackground(xml: string): Promise<Domain> {
    return new Domain(await callInBackground(this.pointer, 'virDomainDefineXMLFlags', this.pointer, xml, validate), this.pointer)
  }

  defineDomain(xml: string): Domain { return new Domain(call.virDomainDefineXMLFlags(this.pointer, xml, validate), this.pointer) }

  networks(flags = 0): Network[] & Disposable {
    return all(listed<'net'>((slot) => call.virConnectListAllNetworks(this.pointer, slot, flags)).map((p) => new Network(p)))
  }

  network(name: string): Network { return new Network(call.virNetworkLookupByName(this.pointer, name)) }
  networkByUuid(uuid: string): Network { return new Network(call.virNetworkLookupByUUIDString(this.pointer, uuid)) }
  defineNetwork(xml: string): Network { return new Network(call.virNetworkDefineXMLFlags(this.pointer, xml, validate)) }

  pools(flags = 0): StoragePool[] & Disposable {
    return all(listed<'pool'>((slot) => call.virConnectListAllStoragePools(this.pointer, slot, flags)).map((p) => new StoragePool(p, this.pointer)))
  }

  pool(name: string): StoragePool { return new StoragePool(call.virStoragePoolLookupByName(this.pointer, name), this.pointer) }
  /** A pool that is gone once it is stopped. */
  startPoolAs(xml: string): StoragePool {
    return new StoragePool(call.virStoragePoolCreateXML(this.pointer, xml, 0), this.pointer)
  }

  definePool(xml: string): StoragePool {
    return new StoragePool(call.virStoragePoolDefineXML(this.pointer, xml, validate), this.pointer)
  }

  poolByUuid(uuid: string): StoragePool {
    return new StoragePool(call.virStoragePoolLookupByUUIDString(this.pointer, uuid), this.pointer)
  }

  poolOf(volume: StorageVolume): StoragePool {
    const { pointer } = this
    return new StoragePool(call.virStoragePoolLookupByVolume(volume.pointer), pointer)
  }

  /** Which kinds of pool it can have, as XML. https://libvirt.org/formatstoragecaps.html */
  poolCapabilities(): string { return call.virConnectGetStoragePoolCapabilities(this.pointer, 0) }

  volumeByPath(path: string): StorageVolume {
    return new StorageVolume(call.virStorageVolLookupByPath(this.pointer, path), this.pointer)
  }

  filters(): NetworkFilter[] & Disposable {
    return all(listed<'filter'>((slot) => call.virConnectListAllNWFilters(this.pointer, slot, 0)).map((p) => new NetworkFilter(p)))
  }

  filter(name: string): NetworkFilter { return new NetworkFilter(call.virNWFilterLookupByName(this.pointer, name)) }
  filterByUuid(uuid: string): NetworkFilter { return new NetworkFilter(call.virNWFilterLookupByUUIDString(this.pointer, uuid)) }
  /** `schema: false` for what libvirt's schema does not know although libvirt does; then compare what it has made of it. */
  defineFilter(xml: string, { schema = true } = {}): NetworkFilter {
    return new NetworkFilter(call.virNWFilterDefineXMLFlags(this.pointer, xml, schema ? validate : 0))
  }

  filterBindings(): NetworkFilterBinding[] & Disposable {
    return all(listed<'binding'>((slot) => call.virConnectListAllNWFilterBindings(this.pointer, slot, 0))
      .map((p) => new NetworkFilterBinding(p)))
  }

  filterBinding(device: string): NetworkFilterBinding {
    return new NetworkFilterBinding(call.virNWFilterBindingLookupByPortDev(this.pointer, device))
  }

  devices(flags = 0): NodeDevice[] & Disposable {
    return all(listed<'device'>((slot) => call.virConnectListAllNodeDevices(this.pointer, slot, flags)).map((p) => new NodeDevice(p)))
  }

  device(name: string): NodeDevice { return new NodeDevice(call.virNodeDeviceLookupByName(this.pointer, name)) }

  secrets(): Secret[] & Disposable {
    return all(listed<'secret'>((slot) => call.virConnectListAllSecrets(this.pointer, slot, 0)).map((p) => new Secret(p)))
  }

  secretByUuid(uuid: string): Secret { return new Secret(call.virSecretLookupByUUIDString(this.pointer, uuid)) }
  /** `type` is a virSecretUsageType */
  secretByUsage(type: number, usage: string): Secret { return new Secret(call.virSecretLookupByUsage(this.pointer, type, usage)) }
  defineSecret(xml: string): Secret { return new Secret(call.virSecretDefineXML(this.pointer, xml, validate)) }

  protected free(pointer: Pointer<'conn'>): void {
    call.virConnectClose(pointer)
    this.#release()
  }

  /**
   * A daemon that stops answering fails the call that is under way, instead of hanging it. Drivers inside the
   * process (test:///) have nobody to watch and say so.
   */
  #watchPeer(): void {
    const { interval, count } = isRemote(this.uri()) ? patient : prompt
    try {
      call.virConnectSetKeepAlive(this.pointer, interval, count)
      this.#release = holdEventLoop()
    } catch (error) {
      if (!(error instanceof VirtError) || !error.is(failure.noSupport)) throw error
    }
  }
}

/** Seconds between questions, and how many may stay without an answer: 4 s on this machine, 20 s over a network. */
const prompt = { interval: 1, count: 3 }
const patient = { interval: 5, count: 3 }

function isRemote(uri: string): boolean {
  return /^[a-z]+\+(?!unix)/.test(uri) || /^[a-z+]+:\/\/[^/]/.test(uri)
}

function answered<T>(opening: Promise<T>, timeout: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new BayError('cannot-connect', `libvirt does not answer: no connection in ${timeout / 1000} s`, {
      retryable: true, hints: ['is libvirtd stopped or overloaded on that host? systemctl status libvirtd'],
    })), timeout)
    opening.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}
