import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import type { NetworkMap } from '../../map-model.js'
import { renderMapDot, renderMapMermaid } from '../../output/map-graph.js'
import { renderMapHtml, renderMapSvg } from '../../output/map-svg.js'
import { renderMapTree } from '../../output/map-tree.js'
import { mapNetworks } from '../../virt/ops/network-map.js'

const renderers = { tree: renderMapTree, svg: renderMapSvg, html: renderMapHtml, mermaid: renderMapMermaid, dot: renderMapDot }
const forms = Object.keys(renderers) as (keyof typeof renderers)[]

export default class NetMap extends BaseCommand<typeof NetMap> {
  static override summary = 'Draw who is on which network'
  static override description = 'The host, its networks and bridges, the machines on each, and their interfaces with MAC address, addresses as of vm list, '
    + 'filter and tap: a tree, a picture (svg, html), or the language of Mermaid or Graphviz. With -o json: the same as data.'

  static override examples = [
    '<%= config.bin %> net map',
    '<%= config.bin %> net map --format svg > map.svg',
    '<%= config.bin %> net map --format dot | dot -Tpng > map.png',
    '<%= config.bin %> net map -o json',
  ]

  static override flags = {
    format: Flags.option({ options: forms, default: 'tree' as const, description: 'how it is drawn' })(),
  }

  async run(): Promise<NetworkMap> {
    const map = await mapNetworks(await this.look())
    return await this.showValue(map, renderers[this.flags.format](map))
  }
}
