import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { UsageError } from '../../../src/errors.js'
import { readRuleFile } from '../../../src/firewall/rule-file.js'

const folder = new URL('../../fixtures/rules/wrong/', import.meta.url)

// The first line of each file says in which line it is wrong, and why.
describe('wrong rule files', () => {
  const files = readdirSync(folder).sort()

  it('are many', () => expect(files.length).to.be.at.least(60))

  for (const file of files) {
    it(`${file} is refused with its line and reason`, async () => {
      const text = readFileSync(new URL(file, folder), 'utf8')
      const [, line = '', reason = ''] = /^# (\d+): ?(.*)\n/.exec(text) ?? []
      const error: unknown = await readRuleFile(text, { where: 'rules.yaml' }).then(() => undefined, (thrown: unknown) => thrown)
      expect(error).to.be.instanceOf(UsageError)
      expect(String((error as Error).message)).to.match(new RegExp(`^rules\\.yaml:${line}: `)).and.to.contain(reason)
    })
  }
})
