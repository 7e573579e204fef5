import { Connection } from '../../src/virt/connection.js'
import type { Domain } from '../../src/virt/domain.js'

/** libvirt's test driver. Its state lives as long as any connection of the process to it, so each is closed here. */
export async function onTestHost<T>(work: (host: Connection) => T | Promise<T>, uri = 'test:///default'): Promise<T> {
  using host = await Connection.open(uri)
  return await work(host)
}

/** The machine that is built into it, running. */
export async function onTestMachine<T>(work: (machine: Domain, host: Connection) => T | Promise<T>): Promise<T> {
  return onTestHost(async (host) => {
    using machine = host.domain('test')
    return await work(machine, host)
  })
}

/** What was thrown, or the error that this says if nothing was. */
export async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  return new Error('nothing was thrown')
}
