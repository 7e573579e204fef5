import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Interfaces } from '@oclif/core'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Row { name: string, here: string, tests: string }

const rows: Row[] = readFileSync(join(root, 'docs/seed.md'), 'utf8').split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (---|in the description) /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', here = '', tests = '']) => ({ name, here, tests }))

const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)

describe('docs/seed.md', () => {
  it('has rows', () => expect(rows).to.have.length.above(40))

  for (const { name, here, tests } of rows) {
    it(`${name}: what is named for it exists`, async () => {
      for (const text of quoted(here)) {
        if (text.startsWith('bay ')) await expectCommand(text.split(' ').slice(1))
        else if (text !== '-c') expect(existsSync(join(root, text)), text).to.equal(true)
      }
      for (const file of quoted(tests)) {
        expect(file).to.match(/^test\/(unit|integration|system)\/.*\.test\.ts$/)
        expect(existsSync(join(root, file)), file).to.equal(true)
      }
      // Either something does it, and a test holds it to that, or it says when it comes.
      expect(quoted(tests).length > 0).to.equal(quoted(here).length > 0)
      expect(quoted(here).length > 0 || /not yet, issue \d/.test(here)).to.equal(true)
    })
  }
})

/** That there is such a command, and that it has the flags that are named with it. */
async function expectCommand(words: string[]): Promise<void> {
  const path = words.filter((word) => !word.startsWith('-'))
  const { default: command } = await import(join(root, 'src/commands', `${path.join('/')}.ts`)) as { default: { flags?: Interfaces.FlagInput } }
  for (const flag of words.filter((word) => word.startsWith('--'))) expect(command.flags, words.join(' ')).to.have.property(flag.slice(2))
}
