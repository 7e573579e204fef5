import { BayError } from '../../errors.js'
import type { VolumePlace, VolumeUse } from './volume-use.js'

/** The command that frees a volume of the machine, or of all layers, that need it. */
export interface Freeing { machine: (name: string) => string, layers: (names: readonly string[]) => string }

/** @throws BayError `wrong-state`, which names the machines, running or not, or the layers that need the volume */
export function refuseNeeded(place: VolumePlace, use: VolumeUse, freeing: Freeing): void {
  const machines = use.machinesOn(place)
  if (machines.length > 0) {
    throw new BayError('wrong-state', `machines use the volume ${place.pool}/${place.name}: ${machines.join(', ')}`, {
      hints: machines.slice(0, 1).map(freeing.machine),
    })
  }
  refuseLayers(place, use, freeing)
}

/** @throws BayError `wrong-state`, which names the layers over the volume */
export function refuseLayers(place: VolumePlace, use: VolumeUse, { layers: freeing }: Pick<Freeing, 'layers'>): void {
  const layers = use.layersOver(place)
  if (layers.length === 0) return
  throw new BayError('wrong-state', `volumes are layers over ${place.pool}/${place.name}: ${layers.join(', ')}`, {
    hints: [freeing(layers)],
  })
}
