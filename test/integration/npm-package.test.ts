import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../lab/script.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const under = (folder: string) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length))

it('the npm package has all that the program reads, and nothing that only developers need', async () => {
  const { code, stdout, stderr } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline', root], { timeout: 120_000 })
  expect(code, stderr).to.equal(0)
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const read = ['dist', 'docs/help', 'profiles', 'bin'].flatMap(under).filter((file) => file !== 'bin/dev.mjs')
  expect(read).to.include.members(['dist/start.js', 'docs/help/cron.md', 'bin/completion/bay.bash'])
  const wanted = [...read, 'oclif.manifest.json', 'package.json', 'LICENSE', 'README.md']
  // The man pages are made when it is packed.
  expect(files.map(({ path }) => path).filter((path) => !path.startsWith('man/')).sort()).to.deep.equal(wanted.sort())
  expect((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }).files).to.include('man')
}).timeout(120_000)
