import { ActionCommand, type ActionResult, type Outcome } from '../../action.js'
import { displayFlags, newPassword, passwordChange, saidOf, scopeOf, type PasswordChange } from '../../display-flags.js'
import { find } from '../../find.js'
import { changeFlags, nameArg } from '../../flags.js'
import type { Column } from '../../output/table.js'
import type { Connection } from '../../virt/connection.js'
import type { VmDisplay } from '../../virt/ops/display-address.js'
import { longestPassword, setPassword } from '../../virt/ops/display-password.js'
import { displaysOf } from '../../virt/ops/display-vm.js'
import { interruptible } from '../../virt/ops/interrupt.js'

export default class VmDisplayCommand extends ActionCommand<typeof VmDisplayCommand> {
  static override summary = 'Show how to reach a virtual machine\'s display, or set its password'
  static override description = 'The address of each display, a URI for a viewer, and the ssh tunnel that leads there from elsewhere. '
    + 'A password counts at once and until the machine is off, unless told otherwise. '
    + 'A machine that was started without one takes none until its next start.'

  static override examples = [
    '<%= config.bin %> vm display web-1',
    'remote-viewer "$(<%= config.bin %> vm display web-1 -o name)"',
    '<%= config.bin %> vm display web-1 --rotate --password-to web-1.vnc --expires 10m',
    '<%= config.bin %> vm display web-1 --password-file web-1.vnc --next-start',
  ]

  static override args = nameArg('vm')
  static override flags = { ...changeFlags, ...displayFlags }

  async run(): Promise<readonly VmDisplay[] | ActionResult> {
    const change = await passwordChange(this.flags)
    if (!change) return this.#show()
    return this.actOnOne({ action: 'display', kind: 'vm' }, this.args.name, (name, host) => this.#change(name, host, change))
  }

  async #show(): Promise<readonly VmDisplay[]> {
    const host = await this.look()
    using domain = find.vm(host, this.args.name)
    const displays = await this.showList(displaysOf(host, domain), columns, { nameOf: ({ type, uri }) => uri ?? type })
    if (this.format === 'table') for (const { tunnel } of displays) if (tunnel !== null) this.note(`from elsewhere: ${tunnel}`)
    return displays
  }

  async #change(name: string, host: Connection, change: PasswordChange): Promise<Outcome> {
    const { flags: { expires }, dryRun } = this
    const scope = scopeOf(this.flags)
    using domain = find.vm(host, name)
    await using password = await newPassword(change, () => longestPassword(domain, scope), dryRun)
    const validTo = expires === undefined ? null : new Date(Date.now() + expires)
    const access = password.text === null ? null : { password: password.text, validTo }
    const { changed } = await interruptible((signal) => setPassword(domain, access, scope, { dryRun, last: password.keep, signal }))
    return {
      changed, said: saidOf(changed, access, scope), ...scope, expires: validTo?.toISOString() ?? null,
      passwordFile: 'rotateTo' in change ? change.rotateTo : null, displays: domain.isActive() ? displaysOf(host, domain) : [],
    }
  }
}

const columns: Column<VmDisplay>[] = [
  { key: 'type', get: (display) => display.type },
  { key: 'host', get: (display) => display.host },
  { key: 'port', get: (display) => display.port, align: 'right' },
  { key: 'tlsPort', header: 'TLS-PORT', get: (display) => display.tlsPort, wide: true, align: 'right' },
  { key: 'socket', get: (display) => display.socket, wide: true },
  { key: 'uri', get: (display) => display.uri },
  { key: 'tunnel', get: (display) => display.tunnel, wide: true },
]
