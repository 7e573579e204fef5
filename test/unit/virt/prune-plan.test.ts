import { expect } from 'chai'
import fc from 'fast-check'
import { parseKeep } from '../../../src/retention.js'
import { chainOf, type StoredBackup } from '../../../src/virt/ops/backup-store.js'
import type { BackupManifest } from '../../../src/virt/ops/backup-manifest.js'
import { planPrune } from '../../../src/virt/ops/prune-plan.js'

const now = new Date('2026-11-23T12:00:00Z')
const names = (backups: readonly { name: string }[]) => backups.map(({ name }) => name)

/** A backup so many days old; `parent` is the age of the one that it builds on. */
function backup(days: number, parent?: number): StoredBackup {
  const name = nameOf(days)
  const manifest = {
    version: 1, name, vm: 'web', uuid: 'u', time: timeOf(days).toISOString(), kind: parent === undefined ? 'full' : 'incremental',
    parent: parent === undefined ? null : nameOf(parent), disks: [],
  } as unknown as BackupManifest
  return { path: `/b/web/${name}`, name, manifest, state: 'complete', files: undefined as never }
}

const timeOf = (days: number) => new Date(now.getTime() - days * 86_400_000)
const nameOf = (days: number) => timeOf(days).toISOString().replace(/\.\d+Z$/, 'Z').replaceAll(/[-:]/g, '')

describe('what is pruned of backups', () => {
  it('keeps what a kept one builds on, and removes the newest first', () => {
    const backups = [backup(9), backup(8, 9), backup(7, 8), backup(5), backup(4, 5), backup(1), backup(0, 1)]
    const { remove, keep, needed } = planPrune(backups, parseKeep('1'), now)
    expect(names(keep)).to.deep.equal([nameOf(0)])
    expect(names(needed)).to.deep.equal([nameOf(1)])
    expect(names(remove)).to.deep.equal([4, 5, 7, 8, 9].map(nameOf))
  })

  it('neither counts nor removes what is incomplete or damaged', () => {
    const odd: StoredBackup[] = [{ ...backup(3), state: 'incomplete', manifest: null }, { ...backup(2), state: 'damaged' }]
    const { remove, keep } = planPrune([backup(5), ...odd, backup(4)], parseKeep('1'), now)
    expect([names(keep), names(remove)]).to.deep.equal([[nameOf(4)], [nameOf(5)]])
  })

  it('ends when a manifest names itself, or a younger one', () => {
    const { remove, keep } = planPrune([backup(2, 2), backup(1, 0), backup(0, 1)], parseKeep('1'), now)
    expect([names(keep), names(remove)]).to.deep.equal([[nameOf(0)], [nameOf(2)]])
  })

  it('leaves only what can be restored, whatever builds on what', () => {
    const any = fc.array(fc.option(fc.nat(6), { nil: undefined }), { minLength: 1, maxLength: 20 })
    fc.assert(fc.property(any, fc.constantFrom('1', '3', '7d', '2w', '1,2d1w'), (parents, rule) => {
      const backups = parents.map((step, index) => {
        const age = parents.length - index
        return backup(age, step === undefined || step === 0 || index - step < 0 ? undefined : age + step)
      })
      const { remove, keep, needed } = planPrune(backups, parseKeep(rule), now)
      expect(keep.length + needed.length + remove.length).to.equal(backups.length)
      expect(keep).to.not.be.empty
      const left = backups.filter(({ name }) => !names(remove).includes(name))
      for (const each of left) expect(() => chainOf(each, left)).to.not.throw()
    }))
  })
})
