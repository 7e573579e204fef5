import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Manifest { commands: Record<string, { hidden?: boolean, flags: Record<string, { allowNo?: boolean, char?: string }> }> }

const root = fileURLToPath(new URL('../../', import.meta.url))
const text = (file: string) => readFileSync(join(root, file), 'utf8')
const { commands } = JSON.parse(text('oclif.manifest.json')) as Manifest
const names = Object.keys(commands).filter((id) => commands[id]?.hidden !== true).map((id) => id.replaceAll(':', ' '))
const pages = ['README.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && !file.startsWith('decisions') && file !== 'commands.md').map((file) => `docs/${file}`)]

describe('the documentation', () => {
  it('names only commands and flags that exist', () => {
    const wrong = pages.flatMap((page) => typedIn(text(page)).flatMap((line) => problems(line).map((problem) => `${page}: ${problem}: ${line}`)))
    expect(wrong).to.deep.equal([])
  })

  it('has a row of the README for each topic, with its verbs', () => {
    const rows = [...text('README.md')
      .matchAll(/^\| (?:`([a-z]+)`)? ?\| ([a-z ]+) \|$/gm)].map(([, topic = '', verbs = '']) => [topic, verbs.split(' ').sort()])
    const isOf = (topic: string) => (name: string) => topic === '' ? !name.includes(' ') : name.startsWith(`${topic} `)
    const verbsOf = (topic: string) => names.filter(isOf(topic)).map((name) => name.split(' ').at(topic === '' ? 0 : 1))
    const topics = [...new Set(names.map((name) => name.includes(' ') ? name.split(' ')[0] ?? '' : ''))]
    const wanted = topics.map((topic) => [topic, [...new Set(verbsOf(topic))].sort()])
    expect(Object.fromEntries(rows)).to.deep.equal(Object.fromEntries(wanted))
  })

  it('is linked in the README, each page', () => {
    const readme = text('README.md')
    const own = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'))
    expect(own.filter((file) => !readme.includes(`(docs/${file})`) && file !== 'seed.md')).to.deep.equal([])
  })

  it('has the reference as the commands make it', () => {
    execFileSync(process.execPath, [join(root, 'scripts/reference.js'), '--check'], { stdio: 'pipe', encoding: 'utf8' })
  })
})

/** What stands in a page as a command of bay: lines of code blocks, and spans of code. */
function typedIn(page: string): string[] {
  const fenced = /^```.*?^```/gms
  const blocks = [...(page.match(fenced) ?? []), ...page.match(/^ {4}.*$/gm) ?? []].join('\n')
  const lines = blocks.split('\n').map((line) => line.replace(/^ {4}|^\$ /, '')).filter((line) => line.startsWith('bay '))
  const spans = [...page.replaceAll(fenced, '').matchAll(/`(bay [^`\n]+)`/g)].map(([, span = '']) => span)
  return [...lines, ...spans]
}

/** What of it does not exist. Anything after two spaces is a remark. */
function problems(line: string): string[] {
  const words = line.replaceAll(/ {2,}.*|[|;&#>)].*/g, '').replaceAll(/'[^']*'|"[^"]*"/g, '_').split(' -- ')[0]?.trim().split(/\s+/).slice(1) ?? []
  while (words[0] === '-c') words.splice(0, 2)
  if (words[0] === 'help' || words[0] === undefined || /^[A-Z-]/.test(words[0])) return []
  const name = [3, 2, 1].map((count) => words.slice(0, count).join(' ')).find((each) => names.includes(each))
  if (name === undefined) return names.some((each) => each.startsWith(`${words[0]} `)) && (words[1] ?? '').length < 2 ? [] : ['no such command']
  const flags = commands[name.replaceAll(' ', ':')]?.flags ?? {}
  return words.filter((word) => word.startsWith('--') && word.length > 2).flatMap((word) => {
    const [flag = ''] = word.slice(2).split('=')
    return flag in flags || flags[flag.replace(/^no-/, '')]?.allowNo === true || ['help', 'version'].includes(flag) ? [] : [`no flag --${flag}`]
  })
}
