import { LabHost } from '../lab/host.js'

let host: Promise<LabHost> | undefined

/** One host for all the system tests of a mocha run, started by the first that asks. Name your objects uniquely on it. */
export function suiteHost(): Promise<LabHost> {
  host ??= LabHost.up()
  return host
}

// At the top level of a file, mocha's hooks belong to the whole run. What a crash leaves, LabHost ends at exit.
after('the host of the suite goes down', async function () {
  this.timeout(30_000)
  await (await host)?.down()
})
