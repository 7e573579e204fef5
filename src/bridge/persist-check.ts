import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BayError } from '../errors.js'
import { systemEnvironment } from './ip.js'
import type { Files } from './persist-wanted.js'

/** Has netplan itself read its files as they are to be, in a folder of their own. @throws BayError when it refuses them */
export async function checkNetplan(files: Files): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'bay-netplan-'))
  try {
    for (const [path, content] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content, { mode: 0o600 })
    }
    await generate(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** A system without the program, such as one that is just set up, cannot tell. */
function generate(root: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('netplan', ['generate', '--root-dir', root], { timeout: 20_000, env: systemEnvironment() }, (error, _, stderr) => {
      if (error === null || error.code === 'ENOENT') resolve()
      else reject(refused(stderr.trim().replaceAll(root, '') || error.message))
    })
  })
}

function refused(why: string): BayError {
  return new BayError('failed', `netplan refuses what would be written: ${why}`, { hints: ['again without --persist'] })
}
