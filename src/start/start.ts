import { cachePath, forgetOld } from './cache-path.js'
import { keepCompiled, readCompiled } from './code-cache.js'
import { Loader } from './loader.js'

/** What bin/run.js loads, by itself: it loads the bundle with what V8 made of it in an earlier run, and keeps what is new. */
const path = cachePath(process.argv.slice(2))
const loader = new Loader(__dirname, readCompiled(path), require)
const { main } = loader.load('main.js') as { main: (atEnd: () => void) => Promise<never> }

// A package may be upgraded under a run that lasts. Most have ended by then, and none waits for this; a file that cannot be
// read says so when it is needed.
setTimeout(() => void loader.hold().catch(() => undefined), 2000).unref()

void main(() => {
  const compile = loader.compiled()
  if (compile === null) return
  keepCompiled(path, compile)
  forgetOld(path)
})
