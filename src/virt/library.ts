import { call } from './raw/bind.js'
import { libraryFile, loadAhead } from './raw/library.js'
import { longFrom } from './read.js'

/** libvirt's client library in this process: its file, and its version as major * 1,000,000 + minor * 1,000 + release. */
export function clientLibrary(): { file: string, version: number } {
  return { file: libraryFile(), version: longFrom((place) => call.virGetVersion(place, null, null)) }
}

/** Begins to load libvirt, for who will need it in a moment. */
export function loadLibraryAhead(): void {
  loadAhead()
}
