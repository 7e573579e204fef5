import { createPointer, DataType, funcConstructor, unwrapPointer, type JsExternal } from 'ffi-rs'
import { callNative } from './library.js'

/** What C hands over: an object or a text by its address, an int, an unsigned int, a long long. */
export type Handed = 'address' | 'int' | 'uint' | 'long'

const types: Record<Handed, DataType> = { address: DataType.BigInt, int: DataType.I32, uint: DataType.U32, long: DataType.BigInt }

/**
 * A JavaScript function that C can call from the event loop's thread: docs/decisions/0009-callbacks-for-events.md. That thread
 * waits until the function has returned, so what it was handed is still there; the result is I32 because ffi-rs waits for no
 * other. An exception would end the process, so none leaves it: `failed` hears of it.
 * It is never freed, for nobody can tell when C has called it for the last time: make few, and once.
 */
export class NativeCallback {
  readonly address: bigint
  /** ffi-rs's own hold on it */
  readonly #kept: JsExternal[]

  constructor(parameters: readonly Handed[], run: (...values: (bigint | number)[]) => void, failed: (error: unknown) => void) {
    const guarded = (...values: (bigint | number)[]): number => {
      try {
        run(...values)
      } catch (error) {
        failed(error)
      }
      return 0
    }
    const shape = funcConstructor({ paramsType: parameters.map((each) => types[each]), retType: DataType.I32 })
    this.#kept = createPointer({ paramsType: [shape], paramsValue: [guarded] })
    const [code] = unwrapPointer(this.#kept)
    this.address = addressOf(code)
  }
}

/** memcpy of nothing gives back where it would have written. */
function addressOf(external: unknown): bigint {
  return callNative({
    library: 'libc', name: 'memcpy', result: DataType.BigInt,
    types: [DataType.External, DataType.External, DataType.BigInt], values: [external, external, 0n],
  }) as bigint
}
