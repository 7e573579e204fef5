import { loadAhead } from '../virt/raw/ahead.js'
import { cachePath, forgetOld } from './cache-path.js'
import { keep, readKept } from './code-cache.js'
import { Loader } from './loader.js'
import { needsHost } from './needs-host.js'

/** What bin/run.js loads, by itself: it loads the bundle with what earlier runs kept of it, and keeps what is new. */
const argv = process.argv.slice(2)
const ahead = needsHost(argv)
const path = cachePath(argv)
const kept = readKept(path)
if (ahead) loadAhead()
const loader = new Loader(__dirname, kept, require)
if (ahead) loader.loadKept()
const { main } = loader.load('main.js') as { main: (ahead: boolean, atSuccess: () => void) => Promise<never> }

// A package may be upgraded under a run that lasts. Most have ended by then, and none waits for this; a file that cannot be
// read says so when it is needed.
setTimeout(() => void loader.hold().catch(() => undefined), 2000).unref()

void main(ahead, () => {
  const news = loader.kept()
  if (news === null) return
  keep(path, news)
  forgetOld(path)
})
