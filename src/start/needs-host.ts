const withoutHost = new Set(['help', '--help', '--version', 'completion', 'profile', 'bridge'])

/**
 * Whether a command line will have to do with libvirt: it is loaded before all else then. A guess that is wrong costs time and
 * nothing else.
 */
export function needsHost(argv: readonly string[]): boolean {
  // Names of objects come after the words of a command; words and flags are known.
  if (argv[0] === '__complete') return argv.length > 3 && argv.at(-1)?.startsWith('-') === false
  return argv.length > 0 && !argv.some((word) => withoutHost.has(word))
}
