import { UsageError } from '../../errors.js'
import { isMode } from '../../xml/domain-cpu.js'
import { readCpuModels } from '../../xml/host.js'
import type { XmlElement } from '../../xml/node.js'
import { attr, path, textOf } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'

/**
 * Refuses a CPU that the host does not know, or cannot give this machine: libvirt would find it only when the machine starts.
 * A host that does not tell its CPUs, also to whoever only looks, is believed. @throws UsageError
 */
export function checkCpuModel(connection: Connection, root: XmlElement, cpu: string): void {
  const known = modelsFor(connection, root)
  if (!known) return
  if (isMode(cpu)) {
    if (!known.modes.includes(cpu)) throw new UsageError(`this host cannot give the machine cpu=${cpu}`, `it can: ${known.modes.join(', ')}`)
    return
  }
  const usable = known.models.flatMap((model) => model.usable ? model.name : [])
  const found = known.models.find(({ name }) => name === cpu)
  if (found?.usable) return
  const near = usable.filter((name) => name.slice(0, 4).toLowerCase() === cpu.slice(0, 4).toLowerCase())
  const hint = `models that it has: ${(near.length > 0 ? near : usable).join(', ')}`
  throw new UsageError(found ? `this host cannot run a ${cpu}` : `no CPU is called ${cpu} on this host`, hint)
}

function modelsFor(connection: Connection, root: XmlElement): ReturnType<typeof readCpuModels> | null {
  const type = path(root, 'os/type')
  try {
    const models = readCpuModels(connection.domainCapabilities({
      emulator: textOf(path(root, 'devices/emulator')), arch: attr(type, 'arch'), machine: attr(type, 'machine'), virt: attr(root, 'type'),
    }))
    return models.modes.length === 0 ? null : models
  } catch (error) {
    if (error instanceof VirtError && !error.retryable) return null
    throw error
  }
}
