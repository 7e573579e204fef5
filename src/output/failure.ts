import { BayError, DiagnosedError, type Diagnosis } from '../errors.js'
import { FindingsError } from '../findings.js'
import { escapeControl } from './escape.js'
import { toJson } from './serialize.js'

export interface FailureOptions {
  /** The host that was talked to, if any. */
  uri?: string | undefined
  /** Which of many objects failed, such as `vm web-3`. */
  subject?: string | undefined
  json: boolean
}

/**
 * An error as the contract prints it, a line end after each line. For people `bay: what happened (URI)` and
 * `  try: …` lines; as JSON `{"error": {code, message, hint, retryable, libvirt}}`, with `findings` when there are several, and
 * `diagnosis` when it was looked into; for people that is `  found: …`, `  screenshot: …` and the console's lines after `  | `.
 * Passwords in URIs are hidden.
 * What is not a BayError is a bug: `internal error: …`, with its stack only when BAY_DEBUG is set.
 */
export function renderError(error: unknown, options: FailureOptions): string {
  const failure = describe(error)
  return options.json ? toJson({ error: failure.json }) : forPeople(failure, options)
}

/** An error as it stands in JSON below the key `error`. */
export function errorJson(error: unknown): ErrorJson {
  return describe(error).json
}

/** The exit code of an error; a bug is 1. */
export function exitCodeOf(error: unknown): number {
  return error instanceof BayError ? error.exitCode : 1
}

/** The text with the password of each URI in it as `***`. */
export function hidePasswords(text: string): string {
  return text.replaceAll(credentials, '$1:***@')
}

// `scheme://user:` and then no port. A password may hold what a URI should have encoded, so up to the last @ of the word.
const credentials = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@[]*):(?!\d+(?:[/?#\s]|$))\S*@/gi

export interface ErrorJson {
  code: string
  message: string
  hint: string | null
  retryable: boolean
  libvirt: { code: number, domain: number } | null
  /** each of several things that were found; only there when there are several */
  findings?: Pick<ErrorJson, 'code' | 'message' | 'hint'>[]
  /** what is known of the cause; only there when it was looked into */
  diagnosis?: Diagnosis
}

interface Failure {
  json: ErrorJson
  hints: readonly string[]
  stack: string | undefined
}

function describe(error: unknown): Failure {
  if (!(error instanceof BayError)) return bug(error)
  const findings = error instanceof FindingsError ? { findings: error.findings.map(plainly) } : {}
  const json = { ...plainly(error), retryable: error.retryable, libvirt: libvirtOf(error), ...findings, ...diagnosisOf(error) }
  return { hints: error.hints.map(hidePasswords), stack: undefined, json }
}

function diagnosisOf(error: BayError): Pick<ErrorJson, 'diagnosis'> {
  return error instanceof DiagnosedError ? { diagnosis: error.diagnosis } : {}
}

function plainly({ code, message, hints }: BayError): Pick<ErrorJson, 'code' | 'message' | 'hint'> {
  return { code, message: hidePasswords(message), hint: hints.length === 0 ? null : hidePasswords(hints.join('\n')) }
}

function bug(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error)
  return {
    hints: process.env.BAY_DEBUG ? [] : ['run it again with BAY_DEBUG=1 and report what it prints'],
    stack: error instanceof Error && process.env.BAY_DEBUG ? error.stack : undefined,
    json: {
      code: 'failed', message: `internal error: ${hidePasswords(text)}`, hint: null, retryable: false, libvirt: null,
    },
  }
}

/** libvirt's own numbers, which an error of the virt layer carries. */
function libvirtOf(error: BayError): { code: number, domain: number } | null {
  if (!('libvirt' in error) || typeof error.libvirt !== 'object' || error.libvirt === null) return null
  const { libvirt } = error
  if (!('code' in libvirt) || typeof libvirt.code !== 'number') return null
  if (!('domain' in libvirt) || typeof libvirt.domain !== 'number') return null
  return { code: libvirt.code, domain: libvirt.domain }
}

function forPeople({ json, hints, stack }: Failure, { uri, subject }: FailureOptions): string {
  const where = uri === undefined || uri === '' ? '' : ` (${oneLine(hidePasswords(uri))})`
  const what = subject === undefined ? '' : `${oneLine(subject)}: `
  const lines = json.findings
    ? [`bay: ${what}${json.findings.length} things stand in the way${where}`, ...json.findings.flatMap(inTheList)]
    : [`bay: ${what}${oneLine(json.message)}${where}`, ...hints.map((hint) => `  try: ${oneLine(hint)}`)]
  const more = json.diagnosis ? lookedInto(json.diagnosis) : []
  const trace = stack?.split('\n').map((line) => `  ${escapeControl(hidePasswords(line))}`) ?? []
  return [...lines, ...more, ...trace].map((line) => `${line}\n`).join('')
}

function lookedInto({ findings, console, screenshot }: Diagnosis): string[] {
  return [
    ...findings.flatMap(({ message, hint }) => [
      `  found: ${oneLine(message)}`, ...(hint?.split('\n') ?? []).map((each) => `    try: ${oneLine(each)}`),
    ]),
    ...screenshot === null ? [] : [`  screenshot: ${oneLine(screenshot)}`],
    ...console === null || console.length === 0 ? [] : ['  the last lines of its console:', ...console.map((line) => `  | ${escapeControl(line)}`)],
  ]
}

function inTheList({ message, hint }: Pick<ErrorJson, 'message' | 'hint'>): string[] {
  return [`  - ${oneLine(message)}`, ...(hint?.split('\n') ?? []).map((each) => `      try: ${oneLine(each)}`)]
}

function oneLine(text: string): string {
  return escapeControl(text.trim())
}
