/** What became of one setting, as far as a line of words needs it. */
interface Told<Effect, Value> { field: string, before: Value, after: Value, effect: Effect | null }

interface Words<Effect, Field> {
  /** in the order in which they are told: when it counts */
  groups: readonly { effect: Effect, when: string }[]
  changeOf: (field: Field) => string
}

/** The settings that are not so already, in groups by when they count; null when all are so. */
export function saidOfFields<Effect, Value, Field extends Told<Effect, Value>>(
  fields: readonly Field[], { groups, changeOf }: Words<Effect, Field>,
): string[] | null {
  const told = fields.filter(({ effect }) => effect !== null)
  if (told.length === 0) return null
  return groups.flatMap(({ effect, when }) => {
    const those = told.filter((field) => field.effect === effect)
    return those.length === 0 ? [] : [`${those.map(changeOf).join(', ')} ${when}`]
  })
}

export function shownValue(value: string | number | boolean | null): string {
  return value === null ? 'none' : typeof value === 'boolean' ? value ? 'on' : 'off' : String(value)
}
