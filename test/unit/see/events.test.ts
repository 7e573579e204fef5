import { expect } from 'chai'
import { eventFilter, eventLine, parseEventPattern } from '../../../src/event-text.js'
import { eventKinds } from '../../../src/virt/event-kinds.js'
import type { HostEvent } from '../../../src/virt/events.js'

const stopped: HostEvent = {
  time: '2026-01-01T00:00:00.000Z', kind: 'vm', name: 'web-1', uuid: 'u', event: 'lifecycle', state: 'stopped', reason: 'crashed', details: {},
}
const job: HostEvent = { ...stopped, event: 'block-job', state: 'ready', reason: 'commit', details: { device: 'vda', path: null } }

describe('events', () => {
  it('are a line each, which nobody can break', () => {
    expect(eventLine(stopped)).to.equal('2026-01-01T00:00:00.000Z vm web-1 lifecycle stopped (crashed)\n')
    expect(eventLine({ ...job, name: 'a\nb\x1b[2J' })).to.equal('2026-01-01T00:00:00.000Z vm a\\nb\\x1b[2J block-job ready (commit) device=vda\n')
  })

  it('are chosen by event, by state, by both, by kind and by name', () => {
    for (const [pattern, fits] of [['lifecycle', true], ['stopped', true], ['lifecycle:stopped', true], ['started', false], ['block-job', false]] as const) {
      expect(parseEventPattern(pattern)(stopped), pattern).to.equal(fits)
    }
    const choose = (more: Partial<Parameters<typeof eventFilter>[0]>) => eventFilter({ names: [], kinds: [], events: [], ...more })
    expect(choose({})(stopped)).to.equal(true)
    expect(choose({ names: ['web-*'] })(stopped)).to.equal(true)
    expect(choose({ names: ['db'] })(stopped)).to.equal(false)
    expect(choose({ kinds: ['net'] })(stopped)).to.equal(false)
    expect(choose({ events: ['reboot', 'block-job:ready'] })(job)).to.equal(true)
    expect(choose({ names: ['web-1'], events: ['reboot'] })(job)).to.equal(false)
  })

  it('that do not exist are refused', () => {
    for (const wrong of ['', 'nope', 'lifecycle:nope', 'nope:stopped', ':stopped']) expect(() => parseEventPattern(wrong), wrong).to.throw(/there is no event/)
  })

  it('have a number each, and no word for two things', () => {
    const keys = eventKinds.map(({ kind, id }) => `${kind} ${id}`)
    expect(new Set(keys).size).to.equal(keys.length)
    for (const { event, fields } of eventKinds) {
      const named = fields.map(({ key }) => key).filter((key) => key !== '')
      expect(new Set(named).size, event).to.equal(named.length)
    }
  })
})
