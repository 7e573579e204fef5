import { expect } from 'chai'
import { failure, VirtError } from '../../src/virt/errors.js'
import type { Connection } from '../../src/virt/connection.js'
import type { Domain } from '../../src/virt/domain.js'
import { affect } from '../../src/virt/flags.js'
import { failureOf } from './test-driver.js'

/** A check for each method of a handle, by the method's name. */
export type Cases<H> = { [M in Methods<H>]: (handle: H) => unknown }

type Methods<H> = { [M in keyof H]: H[M] extends (...values: never[]) => unknown ? M extends string ? M : never : never }[keyof H]

/** That a class has exactly the methods for which there are checks. */
export function sameMethods(type: { prototype: object }, cases: object): void {
  const inherited = ['constructor', 'free']
  expect(Object.getOwnPropertyNames(type.prototype).filter((name) => !inherited.includes(name))).to.have.members(Object.keys(cases))
}

/** That libvirt refuses with this error. */
export async function shows(name: keyof typeof failure, work: () => unknown): Promise<void> {
  const error = await failureOf(work)
  expect(error).to.be.instanceOf(VirtError)
  expect((error as VirtError).libvirt.code, String(error)).to.equal(failure[name])
}

/** What changes devices, which the test driver cannot. */
export const refusedDevices = {
  updateDevice: (it: Domain) => shows('noSupport', () => it.updateDevice('<disk/>', affect.live)),
  attachDevice: (it: Domain) => shows('noSupport', () => it.attachDevice('<disk/>', affect.live)),
  detachDevice: (it: Domain) => shows('noSupport', () => it.detachDevice('<disk/>', affect.live)),
  changeMedium: (it: Domain) => shows('noSupport', () => it.changeMedium('<disk/>', affect.live)),
}

/** The test driver has no secrets. */
export const secretsOfConnection = {
  secrets: (it: Connection) => shows('noSupport', () => it.secrets()),
  secretByUuid: (it: Connection) => shows('noSupport', () => it.secretByUuid('6695eb01-f6a4-8304-79aa-97f2502e193f')),
  secretByUsage: (it: Connection) => shows('noSupport', () => it.secretByUsage(1, 'x')),
  defineSecret: (it: Connection) => shows('noSupport', () => it.defineSecret('<secret/>')),
}

export function poolXml(name: string): string {
  return `<pool type='dir'><name>${name}</name><target><path>/${name}</path></target></pool>`
}

export function volumeXml(name: string): string {
  return `<volume><name>${name}</name><capacity>${2 ** 20}</capacity></volume>`
}
