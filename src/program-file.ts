/**
 * A file that comes with the program, such as `profiles/debian.yaml`. This module lies one folder below the package's own,
 * in src/ and as the build leaves it: scripts/build.js sees to that.
 */
export function programFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url)
}
