import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { editInRounds, type EditTalk } from '../../edit-rounds.js'
import { editorWords } from '../../editor.js'
import { UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import { sh } from '../../shell.js'

export default class VmEdit extends ActionCommand<typeof VmEdit> {
  static override summary = 'Edit a virtual machine\'s stored XML'
  static override description = 'Opens $VISUAL, $EDITOR, sensible-editor or vi with the XML, without passwords, which stay as they are; shows what was '
    + 'changed, asks, and redefines the machine. libvirt checks the text; one that it refuses is kept. What runs goes on as it is until it is stopped. '
    + 'With --yes and an $EDITOR that needs no terminal it works in scripts.'

  static override examples = [
    '<%= config.bin %> vm edit web-1',
    'EDITOR="sed -i s/e1000/virtio/" <%= config.bin %> vm edit web-1 --yes',
  ]

  static override args = nameArg('vm')
  static override flags = changeFlags

  async run(): Promise<ActionResult> {
    const { name } = this.args
    const editor = editorWords()
    if (!this.mayAsk && !(editor && (this.flags.yes || this.dryRun))) throw nobodyCanEdit(name)
    return this.actOnOne({ action: 'edit', kind: 'vm' }, name, async (_, host): Promise<Outcome> => {
      using domain = find.vm(host, name)
      const { said, changed, ...more } = await editInRounds(host, domain, { editor, dryRun: this.dryRun, talk: this.#talk() })
      const runsOn = changed && !this.dryRun && domain.isActive()
      return { changed, said: runsOn ? `${said}; what runs goes on as it is until it is stopped` : said, ...more }
    })
  }

  #talk(): EditTalk {
    return {
      tell: (text) => this.note(text),
      choose: this.mayAsk && !this.flags.yes && !this.dryRun
        ? async (question, choices) => (await import('../../output/ask.js')).choose(question, choices)
        : null,
    }
  }
}

function nobodyCanEdit(name: string): UsageError {
  return new UsageError('there is no terminal to edit on', sh`bay vm xml --inactive ${name} > FILE, and bay vm define FILE once it is edited`,
    sh`or an editor that needs no terminal: EDITOR='sed -i …' bay vm edit --yes ${name}`)
}
