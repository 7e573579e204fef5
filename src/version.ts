import { readFileSync } from 'node:fs'
import { programFile } from './program-file.js'

/** The program's own version, such as `0.1.0`. */
export function version(): string {
  return (JSON.parse(readFileSync(programFile('package.json'), 'utf8')) as { version: string }).version
}
