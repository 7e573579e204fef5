import { expect } from 'chai'
import { Progress, type ProgressSink } from '../../../src/output/progress.js'

function sink(animated: boolean, width = Infinity): ProgressSink & { text: () => string } {
  const written: string[] = []
  return { write: (text) => { written.push(text) }, animated, width, text: () => written.join('') }
}

describe('progress', () => {
  it('is a line a step where lines cannot be replaced', () => {
    const to = sink(false)
    const progress = new Progress({ quiet: false, sink: to })
    progress.step('creating volume a\x1b[2Jb')
    progress.note('a note')
    progress.step('starting')
    progress.end()
    expect(to.text()).to.equal('creating volume a\\x1b[2Jb …\na note\nstarting …\n')
  })

  it('on a terminal is one line that changes and is gone at the end', () => {
    const to = sink(true, 20)
    {
      using progress = new Progress({ quiet: false, sink: to })
      progress.step('one')
      progress.note('stays')
      progress.step('a step that is far too long')
    }
    expect(to.text()).to.equal('one …\r\x1b[Kstays\none …\r\x1b[Ka step that is far…\r\x1b[K')
  })

  it('says nothing when quiet', () => {
    const to = sink(true)
    const progress = new Progress({ quiet: true, sink: to })
    progress.step('one')
    progress.note('two')
    progress.end()
    expect(to.text()).to.equal('')
  })

  it('ends once', () => {
    const to = sink(true)
    const progress = new Progress({ quiet: false, sink: to })
    progress.end()
    progress.step('one')
    progress.end()
    progress.end()
    expect(to.text()).to.equal('one …\r\x1b[K')
  })
})
