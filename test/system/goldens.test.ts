import { expect } from 'chai'
import { Connection } from '../../src/virt/connection.js'
import { VirtError } from '../../src/virt/errors.js'
import { domainXml, undefine } from '../../src/virt/flags.js'
import { parse, serialize, type XmlElement } from '../../src/xml/node.js'
import { attr, child, textOf } from '../../src/xml/tree.js'
import { failureOf } from '../integration/test-driver.js'
import { missingIn } from '../integration/missing-in.js'
import { goldens } from '../unit/xml/goldens.js'
import { suiteHost } from './host-of-the-suite.js'

/**
 * What a host may lack, and how libvirtd then refuses the golden. Such a machine is then held against libvirt's schema only
 * (test/integration/xml-schema.test.ts); such a pool also against the test driver (test/integration/goldens.test.ts).
 */
const mayLack: Record<string, [reason: string, refusal: RegExp]> = {
  'domain-windows': ['no swtpm, which emulates TPM 2.0', /TPM version '2.0' is not supported/],
  'domain-arm': ['no qemu-system-aarch64', /No emulator found for arch 'aarch64'/],
  'domain-uefi-secure': ['no KVM', /does not support virt type 'kvm'|could not find capabilities for domaintype=kvm/],
  'pool-iscsi-direct': ['no libvirt-daemon-driver-storage-iscsi-direct', /missing backend for pool type 6 /],
  'pool-iscsi-direct-auth': ['no libvirt-daemon-driver-storage-iscsi-direct', /missing backend for pool type 6 /],
  'pool-rbd-auth': ['no libvirt-daemon-driver-storage-rbd', /missing backend for pool type 9 /],
  'pool-rbd': ['no libvirt-daemon-driver-storage-rbd', /missing backend for pool type 9 /],
  'pool-gluster': ['no libvirt-daemon-driver-storage-gluster', /missing backend for pool type 11 /],
  'pool-zfs': ['no libvirt-daemon-driver-storage-zfs', /missing backend for pool type 12 /],
}

/** What libvirt writes otherwise: `q35` and `virt` become the newest of their kind; that a rule matches goes without saying. */
const rewritten = /^domain\/os\/type@machine=|^filter\/rule\/\w+@match=yes$/

/** Defined with VALIDATE, and read back: nothing of them may be missing. Volumes are made in test/integration. */
describe('goldens as a real libvirtd takes them', function () {
  this.timeout(60_000)
  let host: Connection
  before(async () => { host = await Connection.open((await suiteHost()).uri) })
  after(() => host?.[Symbol.dispose]())

  const taken = Object.entries(goldens()).filter(([name]) => !/^(domain-test|volume)-/.test(name))

  for (const [name, element] of taken) {
    it(name, function () {
      const made = defineUnlessLacking(host, name, element)
      if (typeof made === 'string') {
        if (this.test) this.test.title += ` (skipped: the host has ${made})`
        return this.skip()
      }
      expect(made.name()).to.equal(nameOf(element))
      expect(missingIn(parse(made.xml()), element).filter((path) => !rewritten.test(path))).to.deep.equal([])
      made.undefine()
      made[Symbol.dispose]()
    })
  }

  it('would not be taken with one element more', async () => {
    for (const [name, element] of taken) {
      if (name in mayLack) continue
      const more = { ...element, children: [...element.children, { type: 'element' as const, name: 'nonsense', attributes: {}, children: [] }] }
      expect(await failureOf(() => define(host, more)), name).to.include({ code: 'usage', exitCode: 2 })
    }
  })

  it('a filter is found by its name and its UUID, and in the list', () => {
    using made = host.defineFilter('<filter name="golden-handle" chain="root"/>')
    using named = host.filter('golden-handle')
    using numbered = host.filterByUuid(made.uuid())
    using filters = host.filters()
    using bindings = host.filterBindings()
    expect(named.uuid()).to.equal(numbered.uuid())
    expect(filters.map((each) => each.name())).to.include('golden-handle')
    expect(bindings.map((each) => each.filterName())).not.to.include('golden-handle')
    made.undefine()
    expect(() => host.filter('golden-handle')).to.throw(VirtError).and.include({ code: 'not-found' })
    expect(() => host.filterBinding('golden0')).to.throw(VirtError).and.include({ code: 'not-found' })
  })
})

interface Defined extends Disposable { name: () => string, xml: () => string, undefine: () => void }

/** The object; or what the host lacks for it. */
function defineUnlessLacking(host: Connection, name: string, element: XmlElement): Defined | string {
  try {
    return define(host, element)
  } catch (error) {
    const [reason, refusal] = mayLack[name] ?? []
    if (!reason || !refusal || !(error instanceof VirtError) || !refusal.test(error.message)) throw error
    return reason
  }
}

function define(host: Connection, element: XmlElement): Defined {
  const xml = serialize(element)
  switch (element.name) {
    case 'network': return host.defineNetwork(xml)
    case 'pool': return host.definePool(xml)
    case 'filter': return host.defineFilter(xml)
    default: {
      const domain = host.defineDomain(xml)
      return {
        name: () => domain.name(), xml: () => domain.xml(domainXml.inactive | domainXml.secure),
        undefine: () => domain.undefine(undefine.nvram), [Symbol.dispose]: () => domain[Symbol.dispose](),
      }
    }
  }
}

function nameOf(element: XmlElement): string | undefined {
  return attr(element, 'name') ?? textOf(child(element, 'name'))
}
