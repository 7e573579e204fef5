/** What the least programs on Node and libvirt begin with: both are loaded, one after the other, and a connection is opened. */
export const opening = (uri: string) => `const { open, load, DataType } = require('@yuuang/ffi-rs-linux-${process.arch}-gnu')
const { BigInt, I32, U32, String } = DataType
open({ library: 'libvirt', path: 'libvirt.so.0' })
const call = (funcName, retType, paramsType, paramsValue) =>
  load({ library: 'libvirt', funcName, retType, paramsType, paramsValue, freeResultMemory: false })
call('virInitialize', I32, [], [])
const host = call('virConnectOpen', BigInt, [String], ['${uri}'])
if (host === 0n) process.exit(1)
`

/** The least that runs lines such as `vm suspend web-1`: the calls of libvirt that a line needs, and no word of a result. */
export const switching = (uri: string) => `${opening(uri)}
const place = call('calloc', BigInt, [U32, U32], [1, 8])
for (const line of require('node:fs').readFileSync(0, 'utf8').split('\\n')) {
  const [, verb, name] = line.split(' ')
  if (!verb) continue
  const machine = call('virDomainLookupByName', BigInt, [BigInt, String], [host, name])
  call('virDomainGetState', I32, [BigInt, BigInt, BigInt, U32], [machine, place, place, 0])
  if (call(verb === 'suspend' ? 'virDomainSuspend' : 'virDomainResume', I32, [BigInt], [machine]) !== 0) process.exit(1)
  call('virDomainFree', I32, [BigInt], [machine])
}
process.reallyExit(0)
`
