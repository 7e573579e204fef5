import { typedWords } from '../machine-flags.js'
import { machinesWanted, type CreateLine, type Creating } from '../machines-wanted.js'
import type { Connection } from '../virt/connection.js'
import { askForMachine } from './ask-machine.js'
import { equalLine } from './equal-line.js'
import { summaryOf } from './summary.js'

export interface CompletedLine<F> {
  line: CreateLine<F>
  /** what it will make, for people */
  summary: string
  /** the command line that needs no questions */
  equal: string
}

/** Asks for what the command line of `vm create` leaves open. @throws BayError `interrupted` */
export async function completeLine<F extends Creating>(
  host: Connection, line: CreateLine<F>, { connect }: { connect: string | undefined },
): Promise<CompletedLine<F>> {
  const { name, words } = await askForMachine(host, { name: line.name, words: typedWords(line.raw, line.definitions) })
  const complete = { ...line, name, flags: await line.parse([...words.values()].flat()) }
  return { line: complete, summary: summaryOf(await machinesWanted(complete)), equal: equalLine('vm create', { connect, name, words }) }
}
