import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bay } from '../test/lab/bay.js'
import { LabHost } from '../test/lab/host.js'

/** What many machines cost, made in one run, in many runs at once, and in a loop: seconds and calls to the daemon. */
const machine = ['--empty', '--disk', '1M', '--virt', 'qemu', '--memory', '32M', '--vcpus', '1', '--graphics', 'none', '--network', 'none', '--no-start']

/** A call of the remote program (0x20008086); keepalive is another program. */
const callSent = /RPC_CLIENT_MSG_TX_QUEUE: .* prog=536903814 vers=1 proc=\d+ type=0/g

let logging = false
let runs = 0
const host = await LabHost.up()
const logs = mkdtempSync(join(tmpdir(), 'bay-bench-'))
try {
  await run('pool', 'create', 'default', '--path', join(host.dir, 'pools/default'))
  const loop = await measure('16 runs, one after another', 16, async () => {
    for (let each = 1; each <= 16; each += 1) await run('vm', 'create', `loop-${each}`, ...machine)
  })
  const all = [
    loop,
    await measure('16 runs at once', 16, async () => {
      await Promise.all(Array.from({ length: 16 }, (_, each) => run('vm', 'create', `once-${each}`, ...machine)))
    }),
    await measure('--count 16', 16, () => run('vm', 'create', 'sixteen', '--count', '16', ...machine)),
    await measure('--count 50', 50, () => run('vm', 'create', 'fifty', '--count', '50', ...machine)),
    await measure('--count 50 --parallel 1', 50, () => run('vm', 'create', 'slow', '--count', '50', '--parallel', '1', ...machine)),
  ]
  process.stdout.write('| | machines | seconds | ms a machine | beside the loop | calls a machine |\n| --- | ---: | ---: | ---: | ---: | ---: |\n')
  for (const { what, machines, seconds, calls } of all) {
    const each = seconds / machines
    const ratio = (each / (loop.seconds / loop.machines)).toFixed(2)
    process.stdout.write(`| ${what} | ${machines} | ${seconds.toFixed(1)} | ${(each * 1000).toFixed(0)} | ${ratio} | ${(calls / machines).toFixed(1)} |\n`)
  }
} finally {
  await host.down()
  rmSync(logs, { recursive: true })
}

interface Measured { what: string, machines: number, seconds: number, calls: number }

/** Once for the time; the calls come from the client's own log, which costs time, so from a second time after a deletion. */
async function measure(what: string, machines: number, work: () => Promise<void>): Promise<Measured> {
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  await run('vm', 'delete', '--all', '--yes', '--parallel', '8')
  logging = true
  await work()
  logging = false
  const calls = readdirSync(logs).reduce((sum, file) => sum + (readFileSync(join(logs, file), 'utf8').match(callSent)?.length ?? 0), 0)
  for (const file of readdirSync(logs)) rmSync(join(logs, file))
  await run('vm', 'delete', '--all', '--yes', '--parallel', '8')
  return { what, machines, seconds, calls }
}

async function run(...args: string[]): Promise<void> {
  runs += 1
  const log = { LIBVIRT_LOG_FILTERS: '1:rpc', LIBVIRT_LOG_OUTPUTS: `1:file:${join(logs, `${runs}.log`)}` }
  const { code, stderr } = await bay([...args, '-q'], { uri: host.uri, env: logging ? log : {} })
  if (code !== 0) throw new Error(`bay ${args.join(' ')}: exit code ${code}\n${stderr}`)
}
