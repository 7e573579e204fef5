import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { commandNames } from './contract.js'

const folder = fileURLToPath(new URL('../../src/', import.meta.url))

/** A template with values in it: its texts, one more than there are values. */
interface Template { where: string, tag: string | null, texts: string[], values: string[] }

/** What stands before a value and makes it a word of one of bay's commands. */
const ours = new RegExp(`\\bbay (?:${[...commandNames].join('|')}) (?:[^|&;]* )?(?:--[a-z-]+=)?$`)

describe('a command line that the program advises', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).sort()
  const templates = files.flatMap((file) => templatesIn(file, readFileSync(join(folder, file), 'utf8')))
  const advised = templates.filter(({ tag }) => tag === 'sh')

  it('is found in the source', () => expect(advised).to.have.length.above(150))

  it('quotes the names in it: it is made by sh``', () => {
    const bare = templates.filter(({ tag, texts }) => tag !== 'sh' && textsBefore(texts).some((text) => ours.test(text)))
    expect(bare.map(shown)).to.deep.equal([])
  })

  it('has its flags before the names, so that -- can stand between them', () => {
    const late = advised.filter(({ texts, values }) => texts.slice(1).some((text, index) =>
      !values[index]?.startsWith('{ flags:') && /^[^|&;,>#]*\s--?[a-z]/.test(text.split(' -- ')[0] ?? '') && isOurs(texts.slice(0, index + 1))))
    expect(late.map(shown)).to.deep.equal([])
  })

  it('has the value of a flag behind =, for what stands behind a blank is a name', async () => {
    const valued = await flagsWithValues(files.filter((file) => file.startsWith('commands/')))
    const apart = advised.filter(({ texts }) => textsBefore(texts).some((text) => valued.has(/ --([a-z-]+) $/.exec(text)?.[1] ?? '')))
    expect(valued).to.include('network')
    expect(apart.map(shown)).to.deep.equal([])
  })
})

/** For each value all text before it, other values left out. */
function textsBefore(texts: readonly string[]): string[] {
  return texts.slice(0, -1).map((_, index) => texts.slice(0, index + 1).join('_'))
}

function isOurs(texts: readonly string[]): boolean {
  return /\bbay [^|&;]*$/.test(texts.join('_'))
}

function shown({ where, texts }: Template): string {
  return `${where}: ${texts.join('${…}')}`
}

function templatesIn(file: string, text: string): Template[] {
  if (!/\bbay /.test(text)) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Template[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node)) {
      const { parent } = node
      found.push({
        where: `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
        tag: ts.isTaggedTemplateExpression(parent) ? parent.tag.getText() : null,
        texts: [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)],
        values: node.templateSpans.map(({ expression }) => expression.getText()),
      })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

async function flagsWithValues(files: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (const file of files) {
    const { default: command } = await import(join(folder, file)) as { default: { flags?: Record<string, { type: string }> } }
    for (const [name, { type }] of Object.entries(command.flags ?? {})) if (type === 'option') found.add(name)
  }
  return found
}
