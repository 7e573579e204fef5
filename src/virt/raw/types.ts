/** The kinds of libvirt object that a pointer can lead to. */
export type ObjectKind
  = 'conn' | 'domain' | 'net' | 'pool' | 'volume' | 'stream' | 'filter' | 'binding' | 'snapshot' | 'checkpoint' | 'device' | 'secret'

declare const kind: unique symbol

/** A native pointer that knows what it leads to, so that a network cannot enter a domain's call. */
export type Pointer<K extends ObjectKind> = bigint & { readonly [kind]: K }

/**
 * What a function returns, what counts as failure, and who owns it.
 * - an object kind: a new reference that the caller frees; NULL is failure
 * - `owned`: a text that is copied, then freed; NULL is failure
 * - `borrowed`: a text that is copied and never freed; NULL is failure
 * - `count`: a number; below 0 is failure
 * - `received`: how many bytes a stream gave or took, 0 at its end; -2 of one that does not block is null: none yet; -1 is failure
 * - `piece`: the same of a stream whose holes are told: -3 is 'hole', where one begins
 * - `flag`: 0 or 1; below 0 is failure
 * - `status`: nothing but success; below 0 is failure
 * - `id`: an unsigned number, of which the highest means "none": null; it has no failure
 * - `void`: nothing, and no failure
 */
export interface Results {
  owned: string
  borrowed: string
  count: number
  received: number | null
  piece: number | null | 'hole'
  flag: boolean
  status: void
  id: number | null
  void: void
}

export type ResultKind = keyof Results | ObjectKind
export type ResultOf<R extends ResultKind>
  = R extends keyof Results ? Results[R] : R extends ObjectKind ? Pointer<R> : never

/**
 * What a parameter takes: an object's pointer; `text` (`text?`: or NULL); whole numbers within their C type
 * (`ulong` is a bigint of 64 bits); `out`, a Buffer that C reads or writes (`out?`: or NULL); `address`, any native address.
 */
export interface Parameters {
  'text': string
  'text?': string | null
  'int': number
  'uint': number
  'ulong': bigint
  'out': Buffer
  'out?': Buffer | null
  'address': bigint
  'domain?': Pointer<'domain'> | null
  'net?': Pointer<'net'> | null
  'pool?': Pointer<'pool'> | null
}

export type ParameterKind = keyof Parameters | ObjectKind
export type ParameterOf<P> = P extends keyof Parameters ? Parameters[P] : P extends ObjectKind ? Pointer<P> : never

export type Entry = readonly [result: ResultKind, ...parameters: ParameterKind[]]
export type EntryTable = Readonly<Record<string, Entry>>

export type ArgumentsOf<E> = E extends readonly [ResultKind, ...infer P] ? { [I in keyof P]: ParameterOf<P[I]> } : never
export type ReturnOf<E> = E extends readonly [infer R extends ResultKind, ...unknown[]] ? ResultOf<R> : never
