import { existsSync } from 'node:fs'
import { UsageError } from '../errors.js'
import type { FlagWords } from '../machine-flags.js'
import { checkBridgeName, checkName } from '../names.js'
import { choose, confirm, input } from '../output/ask.js'
import { checkUserName } from '../provision/cloud-init/check.js'
import { readSshKeys } from '../provision/cloud-init/ssh-keys.js'
import { applyProfile, type MachineSettings } from '../provision/profile-apply.js'
import { findProfile, loadProfiles } from '../provision/profiles.js'
import { parseSize } from '../units.js'
import type { Connection } from '../virt/connection.js'
import { refuseTakenName } from '../virt/ops/check-vm-name.js'
import { isUrl } from '../virt/ops/image-name.js'
import { listImages } from '../virt/ops/list-images.js'
import { listNetworks } from '../virt/ops/list-networks.js'
import { planImage, volumeNamed } from '../virt/ops/plan-image.js'
import { checkMemory } from '../vm-flags.js'
import { Answers } from './answers.js'
import { askDisk, exactSize } from './ask-disk.js'
import { imageChoices, keyChoices, networkChoices, otherSources, profileChoices } from './choices.js'
import { faultOf } from './fault.js'

export interface Asked {
  name: string
  words: FlagWords
}

/**
 * Asks for what a command line leaves open: first what must be said, then what may be. What is answered with the default is
 * not said, so that the command line stays short. @throws as a question does
 */
export async function askForMachine(host: Connection, given: { name: string | undefined, words: FlagWords }): Promise<Asked> {
  const answers = new Answers(given.words)
  const name = given.name ?? await askName(host, answers)
  if (!answers.has('image', 'iso', 'kernel', 'empty')) await askSource(host, answers)
  const settings = await askProfile(answers)
  await askSize(answers, settings)
  await askDisk(host, answers, settings)
  if (!answers.has('network')) await askNetwork(host, answers, settings)
  if (answers.has('image')) await askGuest(answers, settings)
  return { name, words: answers.words }
}

function askName(host: Connection, answers: Answers): Promise<string> {
  const many = answers.has('count')
  return input(many ? 'Name, before -1, -2 and so on' : 'Name', {
    check: (text) => faultOf(() => many ? checkName('vm', `${text}-1`) : refuseTakenName(host, checkName('vm', text))),
  })
}

async function askSource(host: Connection, answers: Answers): Promise<void> {
  const images = imageChoices(listImages(host))
  const picked = await choose('What does it boot from?', [...images, ...otherSources])
  if (picked === '--empty') return answers.switchOn('empty')
  if (picked === '--kernel') return askKernel(host, answers)
  if (picked === '--iso') return askDisc(host, answers)
  const typed = async () => await input('The image', { check: (text) => isUrl(text) ? undefined : faultOf(() => planImage(host, text, false)) })
  answers.say('image', picked === '--image' ? await typed() : picked)
  if (!answers.has('linked') && await confirm('Link to the image instead of copying it?')) answers.switchOn('linked')
}

async function askDisc(host: Connection, answers: Answers): Promise<void> {
  answers.say('iso', await input('The disc: a path on the host, or POOL/NAME', { check: (text) => faultOf(() => checkDisc(host, text)) }))
}

async function askKernel(host: Connection, answers: Answers): Promise<void> {
  const check = (text: string) => faultOf(() => checkPath(host, text))
  answers.say('kernel', await input('The kernel: a path on the host', { check }))
  const initrd = await input('The initial RAM disk (Return: none)', { check: (text) => text === '' ? undefined : check(text) })
  if (initrd !== '') answers.say('initrd', initrd)
  const cmdline = await input('The kernel\'s command line (Return: none)')
  if (cmdline !== '') answers.say('cmdline', cmdline)
}

async function askProfile(answers: Answers): Promise<MachineSettings> {
  if (!answers.has('profile')) {
    const picked = await choose('Profile', profileChoices(await loadProfiles()))
    if (picked !== '') answers.say('profile', picked)
  }
  const name = answers.value('profile')
  return applyProfile(name === undefined ? undefined : await findProfile(name), {})
}

async function askSize(answers: Answers, settings: MachineSettings): Promise<void> {
  await unlessDefault(answers, 'vcpus', `${settings.vcpus}`, (standard) => input('Virtual CPUs', {
    default: standard, check: (text) => faultOf(() => checkVcpus(text)),
  }))
  await unlessDefault(answers, 'memory', exactSize(settings.memory), (standard) => input('Memory', {
    default: standard, check: (text) => faultOf(() => checkMemory(parseSize(text, 'memory'))),
  }))
}

async function askNetwork(host: Connection, answers: Answers, { networks: [standard = 'default'] }: MachineSettings): Promise<void> {
  const choices = networkChoices(listNetworks(host))
  const picked = await choose('Network', choices, { start: standard })
  if (picked === standard) return
  answers.say('network', picked === 'bridge'
    ? `bridge=${await input('The bridge', { check: (text) => faultOf(() => checkBridgeName(text)) })}`
    : picked)
}

async function askGuest(answers: Answers, settings: MachineSettings): Promise<void> {
  await unlessDefault(answers, 'user', settings.user ?? '', (standard) => input('A user to be made by cloud-init (Return: none)', {
    default: standard, check: (text) => text === '' ? undefined : faultOf(() => checkUserName(text)),
  }))
  if (answers.has('ssh-key')) return
  const picked = await choose('An SSH key that may log in', keyChoices())
  const file = picked === 'other' ? await input('The key\'s file', { check: (text) => faultOf(() => readSshKeys([text])) }) : picked
  if (file !== '') answers.say('ssh-key', file)
}

/** Asks unless the flag was given; says the answer unless it is what holds anyway. */
async function unlessDefault(
  answers: Answers, flag: string, standard: string, ask: (standard: string) => Promise<string>,
): Promise<void> {
  if (answers.has(flag)) return
  const answer = await ask(standard)
  if (answer !== standard) answers.say(flag, answer)
}

function checkVcpus(text: string): void {
  if (!/^[1-9]\d{0,2}$/.test(text) || Number(text) > 512) throw new UsageError('a whole number from 1 to 512')
}

function checkDisc(host: Connection, text: string): void {
  using volume = volumeNamed(host, text) ?? null
  if (volume === null) checkPath(host, text)
}

/** A file is the host's. */
function checkPath(host: Connection, path: string): void {
  if (!path.startsWith('/')) throw new UsageError('the whole path on the host, from /')
  if (host.isLocal() && !existsSync(path)) throw new UsageError(`there is no file ${path}`)
}
