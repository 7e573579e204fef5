const bars = [...'▁▂▃▄▅▆▇█']

/**
 * The last so many values as bars, the newest at the right; a blank where nothing is known. `top` is what a whole bar stands for;
 * a value above it is one, too.
 */
export function sparkline(values: readonly (number | null)[], width: number, top: number): string {
  const shown = values.slice(-width).map((value) => {
    if (value === null || !Number.isFinite(value)) return ' '
    const height = top <= 0 ? 0 : Math.round(value / top * (bars.length - 1))
    return bars[Math.min(Math.max(height, 0), bars.length - 1)]
  })
  return shown.join('').padStart(width)
}
