import type { ObjectKind, Pointer } from './raw/types.js'
import { freeMemory, PointerSlot, readPointers } from './raw/memory.js'

/** A libvirt object that is held until it is disposed of. Using it afterwards is a TypeError, never a crash. */
export abstract class Handle<K extends ObjectKind> {
  #pointer: Pointer<K> | null

  constructor(pointer: Pointer<K>) {
    this.#pointer = pointer
  }

  /** @throws TypeError after disposal */
  get pointer(): Pointer<K> {
    if (this.#pointer === null) throw new TypeError(`${this.constructor.name} is used after its disposal`)
    return this.#pointer
  }

  get disposed(): boolean {
    return this.#pointer === null
  }

  /** Gives the reference back to libvirt. A second time does nothing. */
  [Symbol.dispose](): void {
    if (this.#pointer === null) return
    const pointer = this.#pointer
    this.#pointer = null
    this.free(pointer)
  }

  protected abstract free(pointer: Pointer<K>): void
}

/**
 * The objects that one of libvirt's list calls gives: it puts an array of new references into the slot and returns
 * how many. The array is freed here, each reference by whoever gets it.
 */
export function listed<K extends ObjectKind>(fill: (slot: Buffer) => number): Pointer<K>[] {
  return takeArray(fill) as Pointer<K>[]
}

/** The pointers of an array that libvirt allocated; the array itself is freed. */
export function takeArray(fill: (slot: Buffer) => number): bigint[] {
  const slot = new PointerSlot()
  const count = fill(slot.buffer)
  try {
    return readPointers(slot.value, count)
  } finally {
    freeMemory(slot.value)
  }
}

/** Disposes of every handle of a list, for `using`. */
export function all<H extends Disposable>(handles: H[]): H[] & Disposable {
  return Object.assign(handles, {
    [Symbol.dispose]: () => { for (const handle of handles) handle[Symbol.dispose]() },
  })
}
