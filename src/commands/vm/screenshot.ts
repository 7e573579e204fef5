import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { BayError, UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { escapeControl } from '../../output/escape.js'
import { inBlocks, readPicture, toPng } from '../../output/picture.js'
import { isTerminal, showsColor, terminalSize, writeOut } from '../../output/streams.js'
import { writeResultFile } from '../../result-file.js'
import { sh } from '../../shell.js'
import type { Domain } from '../../virt/domain.js'
import { takeScreenshot, type Screenshot } from '../../virt/ops/screenshot.js'
import { hasVideo } from '../../xml/domain-consoles.js'

interface Shot { name: string, path: string | null, width: number, height: number }

export default class VmScreenshot extends BaseCommand<typeof VmScreenshot> {
  static override summary = 'Take a picture of the display of a virtual machine'
  static override description = 'Writes a PNG file that only you can read, or shows the picture on the terminal.'
  static override examples = [
    '<%= config.bin %> vm screenshot web-1',
    '<%= config.bin %> vm screenshot web-1 --preview',
    '<%= config.bin %> vm screenshot web-1 --file - | file -',
  ]

  static override args = nameArg('vm')
  static override flags = {
    file: Flags.string({ helpValue: 'FILE', description: 'where to (default: NAME-TIME.png here); - for standard output' }),
    force: Flags.boolean({ description: 'replace a file that is there' }),
    preview: Flags.boolean({ description: 'show it on the terminal, and write no file unless --file says so' }),
    display: Flags.integer({ min: 0, max: 15, default: 0, helpValue: 'N', description: 'which display, when it has several' }),
  }

  async run(): Promise<Shot> {
    const { file, force, preview, display } = this.flags
    if (preview && !showsColor()) throw new UsageError('--preview needs a terminal with colours', 'leave it out, and open the file')
    if (file === '-' && (this.structured || isTerminal())) throw new UsageError('--file - gives the picture itself to a pipe or a file', 'give the name of a file')
    using domain = find.vm(await this.change(), this.args.name)
    const shot = await shoot(domain, display)
    const picture = readPicture(shot.bytes)
    const { width, height } = picture
    const png = shot.type === 'png' ? shot.bytes : toPng(picture)
    if (preview) await writeOut(inBlocks(picture, terminalSize()))
    const path = file ?? (preview ? null : defaultName(this.args.name))
    if (path === '-') await writeOut(png)
    else if (path !== null) await writeResultFile(path, [png], { replace: force })
    const result = { name: this.args.name, path: path === '-' ? null : path, width, height }
    if (result.path === null && !this.structured) return result
    return await this.showValue(result, `vm ${escapeControl(result.name)}: ${escapeControl(path ?? '')} (${width} x ${height})\n`)
  }
}

async function shoot(domain: Domain, display: number): Promise<Screenshot> {
  const name = domain.name()
  if (!domain.isActive()) throw new BayError('wrong-state', `${name} is ${domain.state().state}, so nothing is on its display`, { hints: [sh`bay vm start ${name}`] })
  if (!hasVideo(domain.xml())) {
    throw new BayError('wrong-state', `${name} has no display`, { hints: [sh`bay vm console ${name}`, 'machines made with --graphics vnc have one'] })
  }
  return takeScreenshot(domain, { deadline: Date.now() + 30_000, display })
}

function defaultName(name: string): string {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${name.replaceAll(/[^A-Za-z0-9_.+-]/g, '_')}-${time}.png`
}
