import { editFile } from './editor.js'
import { BayError } from './errors.js'
import { diffForPerson, unifiedDiff } from './output/diff.js'
import type { Choice } from './output/ask.js'
import { sh } from './shell.js'
import type { Connection } from './virt/connection.js'
import type { Domain } from './virt/domain.js'
import { applyEdited, checkEdited, draftOf, type Draft } from './virt/ops/edit-vm.js'

export interface EditTalk {
  /** says something to whoever sits there */
  tell: (text: string) => void
  /** asks; null where nobody is asked, and what was edited counts */
  choose: ((question: string, choices: readonly Choice[]) => Promise<string>) | null
}

export interface Edited {
  changed: boolean
  said: string
  /** from the stored document to the edited one */
  diff: string
  uuid: string | null
}

interface EditOptions { editor: readonly string[] | null, dryRun: boolean, talk: EditTalk }

/**
 * Has a machine's stored document edited until it is taken or given up. A text that was not taken is kept, and named.
 * @throws what `checkEdited` and `applyEdited` throw, when nobody wants to edit again
 */
export async function editInRounds(connection: Connection, domain: Domain, { editor, dryRun, talk }: EditOptions): Promise<Edited> {
  const draft = draftOf(domain)
  for (;;) {
    await editFile(draft.path, editor).catch((error: unknown) => { throw keptOr(error, domain, draft) })
    const text = draft.read()
    const diff = unifiedDiff({ from: 'as it is stored', to: 'as it was edited', before: draft.before, after: text })
    if (diff === '') {
      draft.remove()
      return { changed: false, said: 'was not edited', diff, uuid: domain.uuid() }
    }
    talk.tell(diffForPerson(diff, process.stderr).trimEnd())
    const taken = await take(connection, domain, { draft, text, dryRun, talk })
    if (taken === 'again') continue
    draft.remove()
    return { ...taken, diff }
  }
}

type Taken = Omit<Edited, 'diff'>

async function take(
  connection: Connection, domain: Domain, { draft, text, dryRun, talk }: Omit<EditOptions, 'editor'> & { draft: Draft, text: string },
): Promise<Taken | 'again'> {
  try {
    checkEdited(domain, draft, text)
    const answer = await talk.choose?.(`redefine ${domain.name()} so?`, answers) ?? 'yes'
    if (answer === 'again') return 'again'
    if (answer === 'no') throw new BayError('failed', 'not confirmed; nothing was changed')
    return await applyEdited(connection, domain, draft, text, { dryRun })
  } catch (error) {
    if (!(error instanceof BayError) || !talk.choose || !['usage', 'exists'].includes(error.code)) throw keptOr(error, domain, draft)
    talk.tell(`bay: ${error.message}`)
    if (await talk.choose('it was not taken', answers.slice(1)) === 'again') return 'again'
    throw keptOr(error, domain, draft)
  }
}

const answers: readonly Choice[] = [{ value: 'yes' }, { value: 'again', label: 'edit again' }, { value: 'no', label: 'give up' }]

/** The same error, with the place of the text that was typed; without one there is nothing to keep. */
function keptOr(error: unknown, domain: Domain, draft: Draft): unknown {
  if (draft.read() === draft.before) {
    draft.remove()
    return error
  }
  if (!(error instanceof BayError)) return error
  const where = `what was edited is in ${draft.path}`
  return new BayError(error.code, error.message, {
    hints: [...error.hints, `${where}: ${sh`bay vm define ${draft.path}`}`, sh`bay vm edit ${domain.name()} begins anew`], retryable: error.retryable, cause: error,
  })
}
