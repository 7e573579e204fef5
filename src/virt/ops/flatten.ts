import { setImmediate as turn } from 'node:timers/promises'
import type { StorageVolume } from '../volume.js'
import { Qcow2 } from './qcow2.js'

/**
 * Writes what a disk held into a raw volume: the full backup first in `paths`, then the incremental ones over it. What no layer
 * has, and what is zeros, becomes holes.
 */
export async function flattenInto(
  volume: StorageVolume, paths: readonly string[], signal: AbortSignal, moved: (done: number, total: number) => void,
): Promise<void> {
  const layers: Qcow2[] = []
  try {
    for (const path of paths.toReversed()) layers.push(await Qcow2.open(path))
    await write(volume, layers, signal, moved)
  } finally {
    for (const layer of layers) await layer[Symbol.asyncDispose]()
  }
}

async function write(
  volume: StorageVolume, layers: readonly Qcow2[], signal: AbortSignal, moved: (done: number, total: number) => void,
): Promise<void> {
  const [top] = layers
  if (!top) return
  const { size, clusterSize } = top
  using stream = volume.upload(BigInt(size))
  for (let cluster = 0; cluster * clusterSize < size; cluster += 1) {
    signal.throwIfAborted()
    const length = Math.min(clusterSize, size - cluster * clusterSize)
    const bytes = await clusterOf(layers, cluster, length)
    if (bytes === null) stream.skip(length)
    else stream.send(bytes)
    moved(cluster * clusterSize + length, size)
    if (cluster % 64 === 0) await turn()
  }
  stream.finish()
}

/** The uppermost layer that knows it has the word; null for zeros. */
async function clusterOf(layers: readonly Qcow2[], cluster: number, length: number): Promise<Buffer | null> {
  for (const layer of layers) {
    const place = cluster < layer.clusters ? await layer.place(cluster) : 'below'
    if (place === 'zeros') return null
    if (place !== 'below') return layer.read(place, length)
  }
  return null
}
