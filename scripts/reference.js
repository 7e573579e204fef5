// Writes docs/commands.md, the reference of all commands, from what they say of themselves: `bay COMMAND --help` in one page, and
// the names of the man pages into package.json, where npm looks for them. With --check it writes nothing, and fails when these are
// not what would be written.
import { readFile, writeFile } from 'node:fs/promises'
import { commands, globals, helpOf, pageOf, typedFlag } from './commands.js'

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

// npm takes no folder: https://docs.npmjs.com/cli/configuring-npm/package-json#man
const manifest = new URL('../package.json', import.meta.url)
const man = ['bay', ...commands.map(pageOf)].map((name) => `man/${name}.1`).sort()
const described = `${JSON.stringify({ ...JSON.parse(await readFile(manifest, 'utf8')), man }, null, 2)}\n`

for (const [file, wanted] of [[page, text], [manifest, described]]) {
  if (await readFile(file, 'utf8') === wanted) continue
  if (!process.argv.includes('--check')) await writeFile(file, wanted)
  else {
    console.error(`${file.pathname} is not what the commands say: node scripts/reference.js`)
    process.exitCode = 1
  }
}
