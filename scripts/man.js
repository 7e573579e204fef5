// Writes the man pages, one a command and bay(1), into the folder that is named: from what the commands say of themselves, and from
// the pages that have the exit codes and the environment.
//   [SOURCE_DATE_EPOCH=SECONDS] node scripts/man.js FOLDER
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { CommandHelp } from '@oclif/core'
import { commands, config, globals, helpOf, pageOf, typedFlag } from './commands.js'
import { bold, escape, item, prose, section, verbatim } from './roff.js'

const [to] = process.argv.slice(2)
if (to === undefined) throw new Error('the folder is missing: node scripts/man.js FOLDER')
const epoch = process.env.SOURCE_DATE_EPOCH
const date = (epoch === undefined ? new Date() : new Date(Number(epoch) * 1000)).toISOString().slice(0, 10)

/** The parts of a command's help, before they are put below each other. */
class Parts extends CommandHelp {
  parts() {
    const { args, description, examples = [], flags } = this.command
    const text = (part) => stripVTControlCharacters(this.render(part))
    const pairs = (rows) => (rows ?? []).map(([left, right]) => [text(left).trim(), text(right ?? '')])
    const sorted = Object.values(flags).filter(({ hidden }) => !hidden).sort((a, b) => a.name < b.name ? -1 : 1)
    return {
      usage: text(this.usage()).replace(/^\$ bay /, '').split('\n').map((line) => line.trim()).join(' '),
      args: pairs(this.args(Object.values(args))),
      flags: pairs(this.flags(sorted)),
      description: text(description ?? ''),
      examples: examples.map(text),
    }
  }
}

async function read(file) {
  return readFile(new URL(`../${file}`, import.meta.url), 'utf8')
}

function page(name, title, ...parts) {
  const head = ['TH', escape(name.toUpperCase()), '1', `"${date}"`, `"bay ${config.version}"`, '"bay"'].join(' ')
  return [`.${head}`, '.nh', '.ad l', section('NAME', `${escape(name)} \\- ${escape(title)}`), ...parts.filter(Boolean), ''].join('\n')
}

/** A section of terms; nothing when there are none. */
const items = (name, rows) => rows.length > 0 && section(name, ...rows.map(([term, text]) => item(term, text)))

const globalRows = globals.map(([name, flag]) => [typedFlag(name, flag), flag.description])

function commandPage(command) {
  const { usage, args, flags, description, examples } = helpOf(command, Parts, 100_000).parts()
  const near = commands.filter((each) => each !== command && each.typed.includes(' ') && each.typed.split(' ')[0] === command.typed.split(' ')[0])
  const also = ['bay', ...near.map(pageOf)].map((name) => `${bold(name)}(1)`).join(', ')
  return page(
    pageOf(command), command.summary,
    section('SYNOPSIS', `${bold(`bay ${command.typed}`)} ${escape(usage.slice(command.typed.length).trim())}`.trim()),
    section('DESCRIPTION', prose(description || `${command.summary}.`)),
    items('ARGUMENTS', args),
    items('OPTIONS', flags),
    items('GLOBAL OPTIONS', globalRows),
    examples.length > 0 && section('EXAMPLES', ...examples.map(verbatim)),
    section('EXIT STATUS', `0 when it is done or there is nothing to do; the other codes are in ${bold('bay')}(1).`),
    section('SEE ALSO', also),
  )
}

/** The commands without a topic first, then topic by topic. */
function commandList() {
  const { topics } = config.pjson.oclif
  const under = (topic) => commands.filter(({ typed }) => topic === '' ? !typed.includes(' ') : typed.startsWith(`${topic} `))
  const rows = (topic) => under(topic).map((command) => `.TP\n${bold(pageOf(command))}(1)\n${escape(command.summary)}`)
  return ['', ...Object.keys(topics)].flatMap((topic) => [...topic === '' ? [] : [`.SS ${escape(`bay ${topic}: ${topics[topic].description}`)}`], ...rows(topic)])
}

async function mainPage() {
  const codes = [...(await read('docs/help/exit-codes.md')).matchAll(/^ {4}(\d[\d, ]*?) {2,}(.*)$/gm)]
  const variables = [...(await read('README.md')).matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)]
  const helpPages = (await readdir(new URL('../docs/help', import.meta.url))).map((file) => file.replace(/\.md$/, '')).sort()
  const pairs = (found) => found.map(([, term, text]) => [term, text.replaceAll('`', '')])
  return page(
    'bay', config.pjson.description,
    section('SYNOPSIS', `${bold('bay')} ${escape('[-c URI] COMMAND [NAME...] [--FLAG...]')}`),
    section('DESCRIPTION', prose('Virtual machines, networks, storage pools, volumes and network filters of a libvirt host.\n'
      + 'Results go to standard output; progress, notes, questions and errors to standard error. Verbs on what exists take many names, and globs '
      + "such as 'web-*' in quotes. What changes something takes --dry-run. Sizes need a unit: 2G is 2 x 1024^3 bytes, 2GB is 2 x 1000^3.\n"
      + `bay help PAGE shows a page on one of: ${helpPages.join(', ')}.`)),
    section('COMMANDS', ...commandList()),
    items('GLOBAL OPTIONS', globalRows),
    items('EXIT STATUS', pairs(codes)),
    items('ENVIRONMENT', pairs(variables)),
    section('EXAMPLES', ...['bay vm create web --image debian-12.qcow2 --disk 20G --memory 2G', "bay vm stop 'web-*' --force-after 60s",
      'bay -c qemu+ssh://root@host/system vm list -o json'].map((line) => verbatim(`$ ${line}`))),
    section('SEE ALSO', `${bold('virsh')}(1), ${bold('virt-install')}(1)`),
  )
}

await mkdir(to, { recursive: true })
const write = (name, text) => writeFile(join(to, `${name}.1`), text)
await Promise.all([write('bay', await mainPage()), ...commands.map((command) => write(pageOf(command), commandPage(command)))])
