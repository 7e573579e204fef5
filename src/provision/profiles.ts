import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BayError, UsageError } from '../errors.js'
import { suggest } from '../names.js'
import { programFile } from '../program-file.js'
import { inherit } from './profile-apply.js'
import { checkTogether, type Profile, type ProfileFields } from './profile-fields.js'
import { readProfileFile } from './profile-file.js'

/** Where profiles lie: what comes with the program, the machine's own, the user's own. A later one of a name wins whole. */
export function profileFolders(): string[] {
  const config = process.env['XDG_CONFIG_HOME'] ?? ''
  return [
    fileURLToPath(programFile('profiles')),
    '/etc/bay/profiles',
    // https://specifications.freedesktop.org/basedir-spec: a relative path is to be ignored
    join(isAbsolute(config) ? config : join(homedir(), '.config'), 'bay', 'profiles'),
  ]
}

/** All profiles, by name. @throws UsageError for the first that is wrong */
export async function loadProfiles(folders: readonly string[] = profileFolders()): Promise<Profile[]> {
  const shelf = await shelve(folders)
  const names = [...shelf.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return Promise.all(names.map((name) => resolve(shelf, name)))
}

/**
 * One profile. Only its own file and those that it builds upon are read, so that a mistake elsewhere does not matter.
 * @throws BayError `not-found` with near names, UsageError when one of the files is wrong
 */
export async function findProfile(name: string, folders: readonly string[] = profileFolders()): Promise<Profile> {
  const shelf = await shelve(folders)
  if (shelf.has(name)) return resolve(shelf, name)
  const near = suggest(name, [...shelf.keys()]).map((each) => `did you mean ${each}?`)
  throw new BayError('not-found', `there is no profile named ${name}`, { hints: [...near, 'see what there is: bay profile list'] })
}

/** The files of each name: the one that counts first, then those that it hides. */
type Shelf = Map<string, string[]>

const fileName = /^([A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}?)\.ya?ml$/

async function shelve(folders: readonly string[]): Promise<Shelf> {
  const shelf: Shelf = new Map()
  for (const folder of folders) {
    const files = await filesOf(folder)
    const names = files.flatMap((file) => fileName.exec(file)?.[1] ?? [])
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) throw new UsageError(`${folder} has both ${twice}.yaml and ${twice}.yml`, 'remove one of them')
    for (const file of files) {
      const name = fileName.exec(file)?.[1]
      if (name !== undefined) shelf.set(name, [join(folder, file), ...shelf.get(name) ?? []])
    }
  }
  return shelf
}

async function filesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw new UsageError(`the profiles in ${folder} cannot be read: ${error.message}`)
  })
}

async function resolve(shelf: Shelf, name: string): Promise<Profile> {
  const [source = ''] = shelf.get(name) ?? []
  const { extends: parent, ...own } = await readProfileFile(source)
  const fields = await inherited(shelf, { name, source, parent, own }, [source])
  checkTogether(fields, source)
  return { name, source, extends: parent ?? null, fields }
}

interface Layer { name: string, source: string, parent: string | undefined, own: ProfileFields }

async function inherited(shelf: Shelf, { name, source, parent, own }: Layer, seen: readonly string[]): Promise<ProfileFields> {
  if (parent === undefined) return own
  const next = parentFile(shelf, { name, source, parent })
  if (seen.includes(next)) throw new UsageError(`${source}: extends: ${parent} leads in a circle`, [...seen, next].join(' -> '))
  const { extends: grandparent, ...fields } = await readProfileFile(next)
  return inherit(await inherited(shelf, { name: parent, source: next, parent: grandparent, own: fields }, [...seen, next]), own)
}

/** Its own name means the file that it hides, so that a site can add to a profile that comes with the program. */
function parentFile(shelf: Shelf, { name, source, parent }: { name: string, source: string, parent: string }): string {
  const files = shelf.get(parent) ?? []
  const next = parent === name ? files[files.indexOf(source) + 1] : files[0]
  if (next !== undefined) return next
  if (parent === name) throw new UsageError(`${source}: extends: ${parent} names the profile itself`, 'no other folder has one of that name')
  const near = suggest(parent, [...shelf.keys()]).map((each) => `did you mean ${each}?`)
  throw new UsageError(`${source}: extends: there is no profile named ${parent}`, ...near)
}
