import { DataType, load, open, type FieldType } from 'ffi-rs'
import { dirname, join } from 'node:path'
import { BayError } from '../../errors.js'
import { lazy, libraryFile } from './ahead.js'

/**
 * The C libraries that are called: libvirt itself, its second one for what only QEMU has, GLib, on which libvirt stands, and the
 * program's own libc.
 */
export type Library = 'libvirt' | keyof typeof libraryFiles

export interface NativeCall {
  library: Library
  name: string
  result: DataType
  types: FieldType[]
  values: unknown[]
}

const libraryFiles = { libvirtQemu: 'libvirt-qemu.so.0', glib: 'libglib-2.0.so.0', libc: '' }

const opened = new Set<Library>()

/**
 * Calls a C function on this thread and gives what it returned.
 * @throws BayError `failed` when the library is missing or too old to have the function.
 */
export function callNative(call: NativeCall): unknown {
  openOnce(call.library)
  try {
    return load(request(call))
  } catch (cause) {
    throw withoutFunction(call, cause)
  }
}

/** Calls a C function on a thread of Node's pool, so that timers, progress and signals go on meanwhile. */
export async function callNativeInThread(call: NativeCall): Promise<unknown> {
  openOnce(call.library)
  underWay.add(call)
  try {
    return await load({ ...request(call), runInNewThread: true })
  } catch (cause) {
    throw withoutFunction(call, cause)
  } finally {
    underWay.delete(call)
  }
}

/** ffi-rs passes the address of a Buffer and does not hold it: without this it is freed while C still reads it. */
const underWay = new Set<NativeCall>()

/** libc's _exit: neither threads nor buffers are waited for. */
export function endProcess(code: number): never {
  callNative({ library: 'libc', name: '_exit', result: DataType.Void, types: [DataType.I32], values: [code] })
  process.exit(code)
}

function request(call: NativeCall) {
  return {
    library: call.library, funcName: call.name, retType: call.result, paramsType: call.types, paramsValue: call.values,
  }
}

function openOnce(library: Library): void {
  if (opened.has(library)) return
  if (library === 'libvirt') openLibvirt()
  else if (library === 'libvirtQemu') openLibvirtQemu()
  else open({ library, path: libraryFiles[library] })
  opened.add(library)
}

function openLibvirt(): void {
  const path = libraryFile()
  try {
    open({ library: 'libvirt', path })
    prepare(path)
  } catch (cause) {
    throw new BayError('failed', `libvirt's client library cannot be opened: ${reasonOf(cause)}`, { cause, hints: libraryHints(path) })
  }
}

/** After libvirt itself, on which it stands: the two must be of one version, so one that was chosen has its second beside it. */
function openLibvirtQemu(): void {
  openOnce('libvirt')
  const path = qemuLibraryFile()
  try {
    open({ library: 'libvirtQemu', path })
  } catch (cause) {
    throw new BayError('failed', `libvirt's library for QEMU's guests cannot be opened: ${reasonOf(cause)}`, {
      cause, hints: libraryHints(libraryFile()),
    })
  }
}

function qemuLibraryFile(): string {
  const file = libraryFile()
  return file.includes('/') ? join(dirname(file), libraryFiles.libvirtQemu) : libraryFiles.libvirtQemu
}

/** ffi-rs wraps what the loader said, such as `/nope.so: cannot open shared object file`. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return /error: "(.*)"/s.exec(message)?.[1] ?? message
}

function libraryHints(now: string): string[] {
  return [
    'Debian, Ubuntu: apt install libvirt0',
    'Fedora, RHEL: dnf install libvirt-libs',
    `or set BAY_LIBVIRT_LIBRARY to the file (now ${now})`,
  ]
}

/** What a call threw; in words of ours when the library has no such function. */
function withoutFunction({ library, name }: NativeCall, cause: unknown): unknown {
  if (!(cause instanceof Error) || !/^Cannot find ".*" function/.test(cause.message)) return cause
  const path = fileOf(library)
  return new BayError('failed', `the library ${path || 'libc'} has no function ${name}: it is too old`, {
    cause, hints: library.startsWith('libvirt') ? libraryHints(libraryFile()) : [],
  })
}

function fileOf(library: Library): string {
  if (library === 'libvirt') return libraryFile()
  return library === 'libvirtQemu' ? qemuLibraryFile() : libraryFiles[library]
}

/**
 * virInitialize must come before anything else: without it the error calls return garbage.
 * The default error printer writes every error on stderr; virResetError(NULL) in its place does nothing.
 */
function prepare(path: string): void {
  initializeQuietly()
  load({
    library: 'libvirt', funcName: 'virSetErrorFunc', retType: DataType.Void,
    paramsType: [DataType.BigInt, DataType.BigInt], paramsValue: [0n, addressOf(path, 'virResetError')],
  })
}

/**
 * libvirt would write warnings of its own on stderr, such as of a host name that nobody can resolve, unless somebody has asked
 * for its log: https://libvirt.org/logging.html#logging-settings
 */
function initializeQuietly(): void {
  const asked = ['LIBVIRT_DEBUG', 'LIBVIRT_LOG_FILTERS', 'LIBVIRT_LOG_OUTPUTS'].some((name) => process.env[name] !== undefined)
  if (!asked) process.env['LIBVIRT_DEBUG'] = errorsOnly
  load({ library: 'libvirt', funcName: 'virInitialize', retType: DataType.I32, paramsType: [], paramsValue: [] })
  // Programs that are started from here are not meant.
  if (!asked) delete process.env['LIBVIRT_DEBUG']
}

const errorsOnly = '4'

/** The address of a C function of a library that is already open. */
function addressOf(path: string, symbol: string): bigint {
  const handle = callNative({
    library: 'libc', name: 'dlopen', result: DataType.BigInt, types: [DataType.String, DataType.I32], values: [path, lazy],
  })
  return callNative({
    library: 'libc', name: 'dlsym', result: DataType.BigInt, types: [DataType.BigInt, DataType.String], values: [handle, symbol],
  }) as bigint
}

/** The address of one of libvirt's own functions, to give it where C wants a callback. */
export function libvirtFunction(symbol: string, library: 'libvirt' | 'libvirtQemu' = 'libvirt'): bigint {
  openOnce(library)
  return addressOf(fileOf(library), symbol)
}

/** The address of a C function of libc, in the same way. */
export function libcFunction(symbol: string): bigint {
  return addressOf(libraryFiles.libc, symbol)
}
