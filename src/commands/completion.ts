import * as Args from '@oclif/core/args'
import { readFile } from 'node:fs/promises'
import { BaseCommand } from '../base.js'
import { programFile } from '../program-file.js'

export default class Completion extends BaseCommand<typeof Completion> {
  static override summary = 'Print the completion script of a shell'
  static override description = 'With it, Tab completes commands, flags, their values, and the names of machines, networks, pools, volumes '
    + 'and filters on the host. Put the line of your shell into its start-up file (~/.bashrc, ~/.zshrc, ~/.config/fish/config.fish).'

  static override examples = [
    'eval "$(<%= config.bin %> completion bash)"',
    'eval "$(<%= config.bin %> completion zsh)"',
    '<%= config.bin %> completion fish | source',
  ]

  static override args = {
    shell: Args.string({ options: ['bash', 'zsh', 'fish'], required: true, description: 'bash, zsh or fish' }),
  }

  async run(): Promise<{ shell: string, script: string }> {
    const { shell } = this.args
    const script = await readFile(programFile(`bin/completion/bay.${shell}`), 'utf8')
    return this.showValue({ shell, script }, script)
  }
}
