import type { Column } from './table.js'

/** Columns for `-o csv` of one object: these keys of its JSON. */
export function jsonColumns<Item extends object>(...keys: readonly (keyof Item & string)[]): Column<Item>[] {
  return keys.map((key) => ({ key, get: (item) => String(item[key] ?? ''), raw: (item) => item[key] }))
}
