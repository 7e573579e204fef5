/** A file of sections, such as `[Network]`, and lines; systemd and NetworkManager have such. A name may come several times. */
export interface Section { name: string, lines: string[] }

export function readSections(text: string): Section[] {
  const sections: Section[] = []
  for (const line of text.split('\n').map((each) => each.trim())) {
    const [, name] = /^\[(.+)\]$/.exec(line) ?? []
    if (name !== undefined) sections.push({ name, lines: [] })
    else if (line !== '') sections.at(-1)?.lines.push(line)
  }
  return sections
}

export function writeSections(sections: readonly Section[], head?: string): string {
  const texts = sections.map(({ name, lines }) => [`[${name}]`, ...lines].join('\n'))
  return `${[...head === undefined ? [] : [head], ...texts].join('\n\n')}\n`
}

/** The values of a key, as often as it comes. */
export function valuesOf(sections: readonly Section[], name: string, key: string): string[] {
  return sections.filter((each) => each.name === name).flatMap(({ lines }) => lines)
    .flatMap((line) => line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : [])
}
