import { readdir, readFile } from 'node:fs/promises'
import { programFile } from './program-file.js'

/** The pages of `bay help PAGE`, beside the help of commands: docs/help, Markdown that reads well as it is. */
const folder = programFile('docs/help/')

/** The text of a page; undefined when there is none of that name. */
export async function page(name: string): Promise<string | undefined> {
  return (await names()).includes(name) ? read(name) : undefined
}

/** The names and titles, to stand below the list of commands. */
export async function list(): Promise<string> {
  const all = await names()
  const width = Math.max(...all.map((name) => name.length))
  const lines = await Promise.all(all.map(async (name) => {
    const [, title = ''] = /^# (.*)/.exec(await read(name)) ?? []
    return `  ${name.padEnd(width)}  ${title}\n`
  }))
  return `PAGES\n${lines.join('')}\n`
}

async function names(): Promise<string[]> {
  return (await readdir(folder)).map((file) => file.replace(/\.md$/, '')).sort()
}

function read(name: string): Promise<string> {
  return readFile(new URL(`${name}.md`, folder), 'utf8')
}
