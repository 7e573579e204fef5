import { quoted, shellWord } from './shell.js'

/** The equal command line on the system of that host: by ssh where the URI says how, else as what is to be typed there. */
export function commandThere(uri: string, hostname: string, id: string, argv: readonly string[]): string {
  const line = ['bay', ...id.split(':'), ...withoutHost(argv)].map(shellWord).join(' ')
  const url = new URL(uri)
  if (url.hostname === '') return `on ${hostname}: ${line}`
  const port = url.port !== '' && /\+(lib)?ssh/.test(url.protocol) ? ` -p ${url.port}` : ''
  const user = url.username === '' ? '' : `${decodeURIComponent(url.username)}@`
  // ssh joins its words for a shell over there: what is quoted at all is quoted twice.
  return `ssh${port} ${shellWord(`${user}${url.hostname.replaceAll(/[[\]]/g, '')}`)} ${/^[\w.:@%/=,+ -]+$/.test(line) ? line : quoted(line)}`
}

/** The words without -c and its value, which mean something else over there. */
function withoutHost(argv: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    if (word === '-c' || word === '--connect') at += 1
    else if (!/^(-c.|--connect=)/.test(word)) kept.push(word)
  }
  return kept
}
