// Writes docs/commands.md, the reference of all commands, from what they say of themselves: `bay COMMAND --help` in one page.
// With --check it writes nothing, and fails when the page is not what would be written.
import { readFile, writeFile } from 'node:fs/promises'
import { commands, globals, helpOf, typedFlag } from './commands.js'

const page = new URL('../docs/commands.md', import.meta.url)

const row = ([name, flag]) => `| \`${typedFlag(name, flag).replaceAll('|', String.raw`\|`)}\` | ${flag.description} |`

const section = (command) => {
  const lines = helpOf(command).generate().replaceAll(/[ \t]+$/gm, '')
  return `## bay ${command.typed}\n\n${command.summary}.\n\n\`\`\`\n${lines}\n\`\`\``
}

const text = `# Commands

Made from the commands themselves by \`node scripts/reference.js\`; \`bay COMMAND --help\` says the same. Every command takes these as well:

| flag | |
| --- | --- |
${globals.map(row).join('\n')}

${commands.map(section).join('\n\n')}
`

if (!process.argv.includes('--check')) await writeFile(page, text)
else if (await readFile(page, 'utf8') !== text) {
  console.error('docs/commands.md is not what the commands say: node scripts/reference.js')
  process.exitCode = 1
}
