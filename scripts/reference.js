// Writes docs/commands.md, the reference of all commands, from what they say of themselves: `bay COMMAND --help` in one page.
// With --check it writes nothing, and fails when the page is not what would be written.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CommandHelp, Config } from '@oclif/core'

const page = new URL('../docs/commands.md', import.meta.url)
const config = await Config.load({ root: fileURLToPath(new URL('..', import.meta.url)), userPlugins: false, devPlugins: false })
const commands = config.commands.filter(({ hidden }) => !hidden).map((command) => ({ ...command, typed: command.id.replaceAll(':', ' ') }))
  .sort((a, b) => a.typed < b.typed ? -1 : 1)

const global = ({ helpGroup }) => helpGroup === 'GLOBAL'
const help = (command) => new CommandHelp(
  { ...command, id: command.typed, flags: Object.fromEntries(Object.entries(command.flags).filter(([, flag]) => !global(flag))) },
  config, { maxWidth: 120, stripAnsi: true }).generate()
const row = ([name, { char, type, helpValue, description }]) => {
  const typed = `${char === undefined ? '' : `-${char}, `}--${name}${type === 'option' ? ` ${helpValue}` : ''}`
  return `| \`${typed.replaceAll('|', String.raw`\|`)}\` | ${description} |`
}
const globals = Object.entries(commands[0].flags).filter(([, flag]) => global(flag)).map(row)

const section = (command) => {
  const lines = help(command).replaceAll(/[ \t]+$/gm, '')
  return `## bay ${command.typed}\n\n${command.summary}.\n\n\`\`\`\n${lines}\n\`\`\``
}

const text = `# Commands

Made from the commands themselves by \`node scripts/reference.js\`; \`bay COMMAND --help\` says the same. Every command takes these as well:

| flag | |
| --- | --- |
${globals.join('\n')}

${commands.map(section).join('\n\n')}
`

if (!process.argv.includes('--check')) await writeFile(page, text)
else if (await readFile(page, 'utf8') !== text) {
  console.error('docs/commands.md is not what the commands say: node scripts/reference.js')
  process.exitCode = 1
}
