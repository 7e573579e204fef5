import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { bay } from '../lab/bay.js'
import { run } from '../lab/script.js'

const docs = new URL('../../docs/', import.meta.url)

describe('bay help', () => {
  const pages = readdirSync(new URL('help/', docs)).map((file) => file.replace(/\.md$/, '')).sort()

  it('lists the pages below the commands, and shows each', async () => {
    expect(pages).to.include.members(['cron', 'exit-codes', 'filters', 'output', 'uris'])
    const { code, stdout } = await bay(['help'])
    expect(code).to.equal(0)
    expect(stdout.slice(stdout.indexOf('PAGES')).match(/(?<=^ {2})\S+/gm)).to.deep.equal(pages)
    for (const page of pages) {
      expect(await bay(['help', page])).to.include({ code: 0, stdout: readFileSync(new URL(`help/${page}.md`, docs), 'utf8'), stderr: '' })
    }
    expect(await bay(['help', '../help/cron'])).to.include({ code: 2, stdout: '' })
  })

  it('leaves the help of a topic and of a command alone', async () => {
    for (const words of [['vm'], ['vm', 'list'], ['filter']]) {
      const { code, stdout } = await bay(['help', ...words])
      expect(code).to.equal(0)
      expect(stdout).to.contain('USAGE').and.not.to.contain('PAGES')
    }
  })
})

// test/unit/docs.test.ts holds the right side of the table.
it('docs/virsh.md names only commands that virsh has', async () => {
  const page = readFileSync(new URL('virsh.md', docs), 'utf8')
  const named = [...page.matchAll(/`virsh ([a-z-]+)/g)].map(([, name = '']) => name)
  expect(named).to.have.length.greaterThan(50)
  const there = new Set((await run('virsh', ['help'])).stdout.match(/(?<=^ {4})[a-z-]+/gm))
  expect(named.filter((name) => !there.has(name))).to.deep.equal([])
})
