import { createHash } from 'node:crypto'

/** A kind that cloud-init knows, or null for a MIME message. */
interface UserPart {
  type: string | null
  text: string
}

/**
 * Our cloud-config and the user's part as one MIME message, which cloud-init takes apart again.
 * https://cloudinit.readthedocs.io/en/latest/explanation/format.html#mime-multi-part-archive
 * Theirs is first, so that our part says how it joins cloud-config of theirs (a template's, say): its values stay, and
 * our lists go in front. https://cloudinit.readthedocs.io/en/latest/reference/merging.html
 */
export function multipart(cloudConfig: string, theirs: UserPart): string {
  const ours = part('text/cloud-config', 'bay', cloudConfig, ['Merge-Type: list(prepend)+dict(no_replace,recurse_list)+str()'])
  const parts = [theirs.type === null ? nested(theirs.text) : part(theirs.type, 'user-data', theirs.text), ours]
  // Of the content: in no part, and the same each time.
  const boundary = `bay-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 40)}`
  const body = parts.map((text) => `--${boundary}\n${text}\n`).join('')
  return `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n${body}--${boundary}--\n`
}

/** In base64: cloud-init decodes the whole message as text, and then loses what is not ASCII. */
function part(type: string, name: string, text: string, headers: readonly string[] = []): string {
  const lines = Buffer.from(text.trimStart()).toString('base64').match(/.{1,76}/g) ?? []
  return [
    `Content-Type: ${type}; charset="utf-8"`, 'MIME-Version: 1.0', 'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment; filename="${name}"`, ...headers, '', ...lines,
  ].join('\n')
}

/** A message is a part with headers of its own; a mailbox's line before them is none. */
function nested(text: string): string {
  return text.trimStart().replace(/^From .*\r?\n/, '').trimEnd()
}
