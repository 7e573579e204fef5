import { expect } from 'chai'
import { DataType } from 'ffi-rs'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { callNative, callNativeInThread } from '../../src/virt/raw/library.js'
import { cText, freeMemory, mapMemory, PointerSlot, readMemory, readPointers, readText } from '../../src/virt/raw/memory.js'
import { run } from '../lab/script.js'
import { native, nativePointers, nativeText, struct, writeNative } from './native-memory.js'

/**
 * What src/virt/raw relies on in ffi-rs, though its documentation does not promise it. A new version of ffi-rs must
 * pass here before anything else is looked at.
 */
describe('ffi-rs', () => {
  const libc = (name: string, result: DataType, types: DataType[], values: unknown[]): unknown =>
    callNative({ library: 'libc', name, result, types, values })

  it('gives and takes pointers as bigints, NULL as 0n', () => {
    const place = nativeText('x')
    expect(place).to.be.a('bigint').and.not.equal(0n)
    freeMemory(place)
    expect(libc('strchr', DataType.BigInt, [DataType.U8Array, DataType.I32], [cText('abc'), 120])).to.equal(0n)
    expect(libc('getenv', DataType.BigInt, [DataType.U8Array], [cText('BAY_NO_SUCH_VARIABLE')])).to.equal(0n)
  })

  it('gives whole pointers, with all their 64 bits', () => {
    for (const value of [1n, 2n ** 47n, 2n ** 63n - 1n, -1n, -(2n ** 63n)]) {
      const place = native(struct(8, { 0: value }))
      expect(readMemory(place, 8).readBigInt64LE(0)).to.equal(value)
      freeMemory(place)
    }
    expect(libc('llabs', DataType.BigInt, [DataType.BigInt], [-(2n ** 62n)])).to.equal(2n ** 62n)
  })

  it('gives an int of -1 as -1, and the whole range of int and unsigned int', () => {
    for (const value of [-1, 0, 1, 2 ** 31 - 1, -(2 ** 31) + 1]) {
      expect(libc('abs', DataType.I32, [DataType.I32], [value])).to.equal(Math.abs(value))
    }
    expect(libc('toupper', DataType.I32, [DataType.I32], [-1])).to.equal(-1)
    expect(libc('close', DataType.I32, [DataType.I32], [-1])).to.equal(-1)
    // htonl turns bytes round, so it gives every bit back.
    for (const [value, turned] of [[2 ** 32 - 1, 2 ** 32 - 1], [0x80, 2 ** 31], [2 ** 31, 0x80], [0, 0]] as const) {
      expect(libc('htonl', DataType.U32, [DataType.U32], [value])).to.equal(turned)
    }
  })

  it('lets C write into a Buffer, behind an offset too', () => {
    const slot = new PointerSlot()
    const text = nativeText('12x')
    expect(libc('strtol', DataType.I32, [DataType.BigInt, DataType.U8Array, DataType.I32], [text, slot.buffer, 10])).to.equal(12)
    expect(slot.value - text).to.equal(2n)
    const whole = Buffer.alloc(8, 0x2d)
    const types = [DataType.U8Array, DataType.BigInt, DataType.BigInt]
    libc('memcpy', DataType.BigInt, types, [whole.subarray(3, 5), text, 2n])
    expect(whole.toString()).to.equal('---12---')
    freeMemory(text)
  })

  it('reads a struct as C laid it out', () => {
    // struct tm of a day that is known: nine ints, then a long and a pointer to the name of the zone.
    const tm = readMemory(libc('gmtime', DataType.BigInt, [DataType.U8Array], [struct(8, { 0: 86_400n * 365n })]) as bigint, 56)
    expect([0, 1, 2, 3, 4, 5].map((at) => tm.readInt32LE(at * 4))).to.deep.equal([0, 0, 0, 1, 0, 71])
    expect(readText(tm.readBigUInt64LE(48))).to.equal('GMT')
  })

  it('reads arrays of pointers, and texts of every length and script', () => {
    const place = nativePointers([1n, 2n ** 48n, 3n])
    expect(readPointers(place, 3)).to.deep.equal([1n, 2n ** 48n, 3n])
    expect(readPointers(place, 0)).to.deep.equal([])
    freeMemory(place)
    for (const text of ['', 'a', 'é世界😀', 'x'.repeat(1022), 'x'.repeat(1023), 'x'.repeat(1024), 'x'.repeat(1025), 'é'.repeat(100_000)]) {
      const copy = nativeText(text)
      expect(readText(copy)).to.equal(text)
      freeMemory(copy)
    }
    expect(readText(0n)).to.equal(null)
  })

  it('maps memory: both see what either writes, and it stays its owner\'s', () => {
    const place = nativeText('memory')
    const call = { library: 'libc', name: 'strchr', result: DataType.BigInt, types: [DataType.BigInt, DataType.I32], values: [place, 0x6d] } as const
    const map = mapMemory({ ...call, types: [...call.types], values: [...call.values] }, 6)
    writeNative(place, Buffer.from('other'))
    expect(map.toString()).to.equal('othery')
    map.write('M')
    expect(readText(place)).to.equal('Mthery')
    freeMemory(place)
  })

  it('calls on another thread while this one goes on', async () => {
    let turns = 0
    const timer = setInterval(() => { turns += 1 }, 10)
    const began = performance.now()
    await callNativeInThread({ library: 'libc', name: 'usleep', result: DataType.I32, types: [DataType.U32], values: [200_000] })
    clearInterval(timer)
    expect(performance.now() - began).to.be.above(190)
    expect(turns).to.be.above(5)
    expect(await callNativeInThread({ library: 'libc', name: 'close', result: DataType.I32, types: [DataType.I32], values: [-1] })).to.equal(-1)
    expect(await callNativeInThread({ library: 'libc', name: 'getenv', result: DataType.BigInt, types: [DataType.U8Array], values: [cText('BAY_NO')] }))
      .to.equal(0n)
  })

  it('reads texts on several threads at once', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `${index}-`.repeat(50))
    const lengths = await Promise.all(texts.map((text) => callNativeInThread({
      library: 'libc', name: 'strlen', result: DataType.BigInt, types: [DataType.U8Array], values: [cText(text)],
    })))
    expect(lengths).to.deep.equal(texts.map((text) => BigInt(text.length)))
  })

  // ffi-rs itself passes an address and forgets whose it is: without library.ts, which holds it, 64 KiB come out of the pipe.
  it('reads a Buffer to its end on another thread, although all others have forgotten it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bay-probe-'))
    try {
      const pipe = join(folder, 'pipe')
      expect((await run('mkfifo', [pipe])).code).to.equal(0)
      const counted = run('sh', ['-c', 'exec < "$0"; sleep 0.5; tr -d a | wc -c', pipe])
      const size = 3_000_000
      const end = openSync(pipe, 'w')
      const written = callNativeInThread({
        library: 'libc', name: 'write', result: DataType.BigInt, types: [DataType.I32, DataType.U8Array, DataType.BigInt],
        values: [end, Buffer.alloc(size, 'a'), BigInt(size)],
      })
      setFlagsFromString('--expose-gc')
      const collect = runInNewContext('gc') as () => void
      for (let round = 0; round < 10; round += 1) {
        collect()
        Buffer.alloc(size, 'b')
        await sleep(10)
      }
      expect(await written).to.equal(BigInt(size))
      closeSync(end)
      expect((await counted).stdout.trim()).to.equal('0')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('says which function a library does not have', () => {
    expect(() => libc('bay_no_such_function', DataType.Void, [], [])).to.throw(Error, /bay_no_such_function/)
  })

  it('does 100,000 calls and more', () => {
    const place = nativeText('steady')
    for (let count = 0; count < 100_000; count += 1) {
      if (libc('strlen', DataType.BigInt, [DataType.BigInt], [place]) !== 6n) expect.fail(`call ${count} gave something else`)
    }
    expect(readText(place)).to.equal('steady')
    freeMemory(place)
  })
})
