#!/usr/bin/env node
'use strict'
const { argv, arch, platform, version } = process
if (argv.length > 3 || argv[2] !== '--version' || !told()) require('../dist/start.js')

// `bay --version` alone needs nothing of the program; where it cannot be written, the program says why.
function told() {
  try {
    const text = `bay/${require('../package.json').version} ${platform}-${arch} node-${version}\n`
    return require('node:fs').writeSync(1, text) === text.length
  } catch {
    return false
  }
}
