import { expect } from 'chai'
import { installDocument, installElement, readInstallMark, type InstallMark } from '../../../src/xml/install-mark.js'
import { parse, serialize } from '../../../src/xml/node.js'
import { goldenDomains, domainSpecs } from './golden-domains.js'
import { path } from '../../../src/xml/tree.js'

const mark = domainSpecs['domain-unattended']?.install
const definition = serialize(goldenDomains()['domain-unattended'] ?? parse('<none/>'))

describe('the mark of a machine that is being installed', () => {
  it('is read as it was written, whatever the prefix', () => {
    const windows: InstallMark = { restarts: true, autostart: false, discs: [], volumes: [] }
    for (const each of [mark, windows]) {
      if (!each) throw new Error('no such golden')
      const xml = serialize(installElement(each))
      expect(readInstallMark(xml)).to.deep.equal(each)
      expect(readInstallMark(xml.replaceAll('bayinstall:', '').replace('xmlns:bayinstall', 'xmlns'))).to.deep.equal(each)
    }
  })

  it('makes of the definition what is started, and changes nothing else', () => {
    if (!mark) throw new Error('no such golden')
    const started = installDocument(definition, mark)
    const os = path(parse(started), 'os')
    expect(os?.children.slice(-3).map((each) => each.type === 'element' && serialize(each)))
      .to.deep.equal(['<kernel>/srv/k</kernel>', '<initrd>/srv/i</initrd>', '<cmdline>autoinstall</cmdline>'])
    expect(started).to.contain('<on_reboot>destroy</on_reboot>')
    const drives = started.match(/<disk type="\w+" device="cdrom">[^]*?<\/disk>/g) ?? []
    expect(drives[0]).to.match(/^<disk type="file"/).and.contain('<source file="/srv/it\'s &lt;this&gt;.iso"/>')
    expect(drives[1]).to.match(/^<disk type="block"/).and.contain('<source dev="/dev/vg/answers"/>')
    const back = started.replace(/ *<(kernel|initrd|cmdline)>.*\n/g, '').replace('<on_reboot>destroy', '<on_reboot>restart')
      .replace(/\n *<source (file|dev)="\/(srv\/it|dev).*/g, '').replace('type="block"', 'type="file"')
    expect(back).to.equal(definition)
    const again = installDocument(definition, { restarts: true, autostart: false, discs: [{ target: 'gone', path: '/x' }], volumes: [] })
    expect(again).to.equal(definition)
  })
})
