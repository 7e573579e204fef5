import { DataType } from 'ffi-rs'
import { VirtError, type LibvirtFailure } from '../errors.js'
import { callNative, callNativeInThread, libvirtFunction, type NativeCall } from './library.js'
import { libvirtQemuTable, libvirtTable } from './libvirt.js'
import { allocate, cText, freeMemory, mapMemory, readMemory, readText } from './memory.js'
import type { ArgumentsOf, Entry, ParameterKind, Pointer, ResultKind, ReturnOf } from './types.js'

const table = { ...libvirtTable, ...libvirtQemuTable }
type Table = typeof table
export type FunctionName = keyof Table
type Calls = { [N in FunctionName]: (...values: ArgumentsOf<Table[N]>) => ReturnOf<Table[N]> }

/**
 * Every function of the tables, called on this thread. A failure is thrown as the VirtError that libvirt gives for it.
 * A library is opened at the first call of a function of it.
 */
export const call = Object.fromEntries(
  Object.entries(table).map(([name, entry]) => [name, (...values: unknown[]) => callNow(name, entry, values)]),
) as unknown as Calls

/**
 * The same, off the main thread, so that progress, timers and Ctrl-C live on during a long call.
 * One such call may be under way on a connection at a time: libvirt keeps the last error per connection.
 */
export async function callInBackground<N extends FunctionName>(
  connection: Pointer<'conn'>, name: N, ...values: ArgumentsOf<Table[N]>
): Promise<ReturnOf<Table[N]>> {
  const entry: Entry = table[name]
  const result = await callNativeInThread(nativeCall(name, entry, values))
  if (failed(entry[0], result)) throw new VirtError(name, connectionFailure(connection))
  return convert(entry[0], result) as ReturnOf<Table[N]>
}

/**
 * Opens a connection off the main thread. There is no connection yet to ask for the error, and the thread that knows
 * it is out of reach, so libvirt itself copies the error where we can read it: as error printer it gets virCopyLastError,
 * whose one parameter is the place to copy to. https://libvirt.org/html/libvirt-virterror.html#virCopyLastError
 */
export function openInBackground(name: OpenName, uri: string | null): Promise<Pointer<'conn'>> {
  const opening = openings.then(() => openAlone(name, uri))
  openings = opening.catch(() => undefined)
  return opening
}

type OpenName = 'virConnectOpen' | 'virConnectOpenReadOnly'

/** The error printer is one for the process: two who opened at the same time would take each other's error. */
let openings: Promise<unknown> = Promise.resolve()

async function openAlone(name: OpenName, uri: string | null): Promise<Pointer<'conn'>> {
  const place = allocate(errorSize)
  setErrorPrinter(place, libvirtFunction('virCopyLastError'))
  try {
    const result = await callNativeInThread(nativeCall(name, libvirtTable[name], [uri]))
    if (failed('conn', result)) throw new VirtError(name, failureAt(place))
    return result as Pointer<'conn'>
  } finally {
    setErrorPrinter(0n, libvirtFunction('virResetError'))
    callNative({ library: 'libvirt', name: 'virResetError', result: DataType.Void, types: [DataType.BigInt], values: [place] })
    freeMemory(place)
  }
}

function callNow(name: string, entry: Entry, values: unknown[]): unknown {
  const result = callNative(nativeCall(name, entry, values))
  if (failed(entry[0], result)) throw new VirtError(name, lastFailure())
  return convert(entry[0], result)
}

function nativeCall(name: string, [result, ...kinds]: Entry, values: readonly unknown[]): NativeCall {
  if (values.length !== kinds.length) throw new TypeError(`${name} takes ${kinds.length} values, not ${values.length}`)
  const sent = kinds.map((kind, index) => toNative(kind, values[index]))
  return {
    library: name in libvirtQemuTable ? 'libvirtQemu' : 'libvirt', name, result: resultTypes[result] ?? DataType.BigInt,
    types: sent.map(([type]) => type), values: sent.map(([, value]) => value),
  }
}

const resultTypes: Partial<Record<ResultKind, DataType>> = {
  count: DataType.I32, received: DataType.I32, piece: DataType.I32,
  flag: DataType.I32, status: DataType.I32, id: DataType.U32, void: DataType.Void,
}

const nullPointer: [DataType, unknown] = [DataType.BigInt, 0n]

function toNative(kind: ParameterKind, value: unknown): [DataType, unknown] {
  switch (kind) {
    case 'text': case 'text?': return value === null ? nullPointer : [DataType.U8Array, cText(value as string)]
    case 'int': return [DataType.I32, bounded(value, -(2 ** 31), 2 ** 31 - 1)]
    case 'uint': return [DataType.U32, bounded(value, 0, 2 ** 32 - 1)]
    case 'ulong': return [DataType.BigInt, BigInt.asIntN(64, bounded64(value))]
    case 'out': case 'out?': return value === null ? nullPointer : [DataType.U8Array, value]
    case 'domain?': case 'net?': case 'pool?': return value === null ? nullPointer : [DataType.BigInt, present(value)]
    case 'address': return [DataType.BigInt, value]
    default: return [DataType.BigInt, present(value)]
  }
}

/** C would wrap a number that is out of range, and take NaN for 0. */
function bounded(value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new TypeError(`a number for libvirt is out of range: ${String(value)}`)
  }
  return value
}

function bounded64(value: unknown): bigint {
  if (typeof value !== 'bigint' || value < 0n || value >= 2n ** 64n) {
    throw new TypeError(`a number for libvirt is out of range: ${String(value)}`)
  }
  return value
}

function present(pointer: unknown): bigint {
  if (typeof pointer !== 'bigint' || pointer === 0n) throw new TypeError('a libvirt object is missing')
  return pointer
}

function failed(kind: ResultKind, result: unknown): boolean {
  if (kind === 'void' || kind === 'id') return false
  if ((kind === 'received' || kind === 'piece') && result === nothingYet) return false
  if (kind === 'piece' && result === atHole) return false
  return typeof result === 'bigint' ? result === 0n : (result as number) < 0
}

const noId = 2 ** 32 - 1
/** https://libvirt.org/html/libvirt-libvirt-stream.html#virStreamRecv */
const nothingYet = -2
/** https://libvirt.org/html/libvirt-libvirt-stream.html#virStreamRecvFlags */
const atHole = -3

function convert(kind: ResultKind, result: unknown): unknown {
  switch (kind) {
    case 'owned': return takeText(result as bigint)
    case 'borrowed': return readText(result as bigint)
    case 'flag': return result === 1
    case 'received': return result === nothingYet ? null : result
    case 'piece': return result === nothingYet ? null : result === atHole ? 'hole' : result
    case 'id': return result === noId ? null : result
    case 'status': case 'void': return undefined
    default: return result
  }
}

function takeText(address: bigint): string | null {
  try {
    return readText(address)
  } finally {
    freeMemory(address)
  }
}

/**
 * A flag that the events of a connection lower, for C never calls JavaScript: the flag is an error that is written into
 * the connection, and the events' callback is virConnResetLastError, whose first parameter is the connection. Looking at
 * it is no call: its memory is mapped. https://libvirt.org/html/libvirt-virterror.html#virConnResetLastError
 */
export class EventFlag {
  readonly #code: Buffer

  /** The connection must outlive the flag. */
  constructor(connection: Pointer<'conn'>) {
    this.#code = mapMemory({
      library: 'libvirt', name: 'virConnGetLastError', result: DataType.External, types: [DataType.BigInt], values: [connection],
    }, 4)
    this.raise()
  }

  /** Sets it to a virErrorNumber that libvirt does not have. */
  raise(): void { this.#code.writeInt32LE(-1) }
  isUp(): boolean { return this.#code.readInt32LE() !== 0 }

  /** The callback that lowers it. */
  static lowerer(): bigint { return libvirtFunction('virConnResetLastError') }
}

const errorSize = 96

function lastFailure(): LibvirtFailure {
  return failureAt(callNative({
    library: 'libvirt', name: 'virGetLastError', result: DataType.BigInt, types: [], values: [],
  }) as bigint)
}

function connectionFailure(connection: bigint): LibvirtFailure {
  return failureAt(connectionError(connection))
}

/** Never NULL: one that was reset has the code 0. https://libvirt.org/html/libvirt-virterror.html#virConnGetLastError */
function connectionError(connection: bigint): bigint {
  return callNative({
    library: 'libvirt', name: 'virConnGetLastError', result: DataType.BigInt, types: [DataType.BigInt], values: [connection],
  }) as bigint
}

/** Reads a virError: int code, int domain, char *message, …, char *str1 at 40, char *str2 at 48, …, int int1 at 64. */
function failureAt(address: bigint): LibvirtFailure {
  if (address === 0n) return { code: 0, domain: 0, message: 'libvirt failed without saying why', detail: null, number: 0 }
  const error = readMemory(address, errorSize)
  return {
    code: error.readInt32LE(0),
    domain: error.readInt32LE(4),
    message: readText(error.readBigUInt64LE(8)) ?? 'libvirt failed without saying why',
    detail: readText(error.readBigUInt64LE(48)),
    number: error.readInt32LE(64),
  }
}

function setErrorPrinter(place: bigint, printer: bigint): void {
  callNative({
    library: 'libvirt', name: 'virSetErrorFunc', result: DataType.Void,
    types: [DataType.BigInt, DataType.BigInt], values: [place, printer],
  })
}
