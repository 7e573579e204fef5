import * as Args from '@oclif/core/args'
import { BaseCommand } from '../base.js'
import { scripts, type Shell } from '../completion/scripts.js'

const shells = Object.keys(scripts) as Shell[]

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
    shell: Args.custom<Shell>({ options: shells, required: true, description: `the shell: ${shells.join(', ')}` })(),
  }

  async run(): Promise<{ shell: Shell, script: string }> {
    const { shell } = this.args
    return this.showValue({ shell, script: scripts[shell] }, scripts[shell])
  }
}
