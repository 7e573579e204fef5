import { libraryFile } from './raw/ahead.js'
import { call } from './raw/bind.js'
import { longFrom } from './read.js'

/** libvirt's client library in this process: its file, and its version as major * 1,000,000 + minor * 1,000 + release. */
export function clientLibrary(): { file: string, version: number } {
  return { file: libraryFile(), version: longFrom((place) => call.virGetVersion(place, null, null)) }
}
