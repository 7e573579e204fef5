import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { labScript } from './script.js'

/**
 * Debian's cloud-init (see unpacked.sh), to be run with this environment; where it cannot be had, a program that is not
 * there. Not a promise: what tests there are depends on it.
 */
export function unpackedCloudInit(): { program: string, env: NodeJS.ProcessEnv } {
  const { stdout } = spawnSync('bash', [labScript('unpacked.sh'), 'cloud-init'], { encoding: 'utf8', timeout: 120_000 })
  const folder = stdout.trim()
  return {
    program: join(folder || '/nonexistent', 'usr/bin/cloud-init'),
    env: { ...process.env, PYTHONPATH: join(folder, 'usr/lib/python3/dist-packages') },
  }
}
