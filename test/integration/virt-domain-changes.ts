import { expect } from 'chai'
import type { Domain } from '../../src/virt/domain.js'
import { affect } from '../../src/virt/flags.js'
import { shows, type Cases } from './virt-cases.js'

/** The checks of what changes a machine's CPUs, memory and texts while it runs. */
export const changesOfDomain: Pick<Cases<Domain>, 'setVcpus' | 'setMemory' | 'setText' | 'setMetadata' | 'metadata'> = {
  setVcpus: async (it) => {
    await it.setVcpus(1, affect.live)
    expect(it.info().vcpus).to.equal(1)
    await shows('invalidArgument', () => it.setVcpus(1000, affect.live))
    await it.setVcpus(2, affect.live)
  },
  setMemory: (it) => {
    const { maxMemory, memory } = it.info()
    it.setMemory(maxMemory / 2, affect.live)
    expect(it.info().memory).to.equal(maxMemory / 2)
    it.setMemory(memory, affect.live)
  },
  setText: (it) => {
    for (const which of ['title', 'description'] as const) {
      it.setText(which, 'a & <b>', affect.live | affect.config)
      expect(it.xml()).to.include(`<${which}>a &amp; &lt;b&gt;</${which}>`)
      it.setText(which, null, affect.live | affect.config)
      expect(it.xml()).not.to.include(`<${which}>`)
    }
  },
  setMetadata: (it) => {
    it.setMetadata('urn:bay:test', 'bt', '<a b="1"/>', affect.live | affect.config)
    expect(it.metadata('urn:bay:test')).to.equal('<a b="1"/>')
  },
  metadata: async (it) => {
    it.setMetadata('urn:bay:test', 'bt', null, affect.live | affect.config)
    await shows('noMetadata', () => it.metadata('urn:bay:test'))
  },
}
