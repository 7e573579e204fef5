import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../base.js'
import { checkColumns } from '../../check-columns.js'
import { namesOf, find } from '../../find.js'
import { listFlags } from '../../flags.js'
import { expandNames } from '../../names.js'
import type { Finding } from '../../virt/ops/check-host-finding.js'
import { checkNetworks } from '../../virt/ops/check-networks.js'

export default class NetCheck extends BaseCommand<typeof NetCheck> {
  static override summary = 'Check what breaks networks in practice'
  static override description = 'Subnets that collide, names of bridges, forwarding, the host\'s firewall (Docker, ufw), address translation, dnsmasq, bridges '
    + 'that are gone or left, machines that are cut off; each with its fix. Changes nothing. Ends with 3 when there is a problem; warnings '
    + 'alone end with 0. What only the host itself can see is looked at there.'

  static override examples = [
    '<%= config.bin %> net check',
    '<%= config.bin %> net check lab --filter level!=ok -o json',
  ]

  static override args = { name: Args.string({ multiple: true, description: 'network names; globs such as \'lab-*\' work in quotes' }) }
  static override flags = listFlags

  async run(): Promise<readonly Finding[]> {
    const host = await this.look()
    const names = this.args.name ? expandNames(this.args.name, namesOf.net(host), 'net') : null
    for (const name of names ?? []) find.net(host, name)[Symbol.dispose]()
    const { findings, notes } = checkNetworks(host, names)
    await this.showList(findings, checkColumns, { nameOf: ({ check }) => check })
    for (const note of notes) this.note(`bay: ${note}`)
    if (findings.some(({ level }) => level === 'problem')) this.endWith('differences')
    return findings
  }
}
