/** What was thrown, or an error that says that nothing was. */
export async function thrown(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  return new Error('nothing was thrown')
}

/** The same at once. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return new Error('nothing was thrown')
}
