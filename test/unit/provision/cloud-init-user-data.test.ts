import { expect } from 'chai'
import { parse } from 'yaml'
import { UsageError } from '../../../src/errors.js'
import { cloudInitFiles } from '../../../src/provision/cloud-init/files.js'
import type { CloudInitSpec } from '../../../src/provision/cloud-init/spec.js'

const spec: CloudInitSpec = {
  instanceId: 'i-1', hostname: 'web-1', packages: ['nginx'], runCommands: ['true'], growRoot: true,
  users: [{ name: 'ops', sshKeys: ['ssh-ed25519 AAAA a'], sudo: true }],
}

function withOwn(extraUserData: string, more: Partial<CloudInitSpec> = {}): string {
  return cloudInitFiles({ ...spec, ...more, extraUserData }).userData
}

const merged = (text: string, more?: Partial<CloudInitSpec>) => parse(withOwn(`#cloud-config\n${text}`, more), { version: '1.1' }) as Record<string, unknown>

describe('the user\'s own user-data', () => {
  it('adds to the lists that grow, after ours', () => {
    const own = 'packages: [vim, [nginx, 1.2]]\nruncmd:\n- [ls, -l]\n- echo hi\nbootcmd: [date]\nwrite_files: [{path: /a}]\nssh_authorized_keys: [k]\nusers: [default, {name: bob}]\n'
    expect(merged(own)).to.deep.include({
      packages: ['nginx', 'vim', ['nginx', 1.2]], runcmd: [['sh', '-c', 'true'], ['ls', '-l'], 'echo hi'], bootcmd: ['date'], write_files: [{ path: '/a' }],
      ssh_authorized_keys: ['k'], users: [{ name: 'ops', lock_passwd: true, ssh_authorized_keys: ['ssh-ed25519 AAAA a'], sudo: 'ALL=(ALL) NOPASSWD:ALL' }, 'default', { name: 'bob' }],
    })
  })

  it('wins where both say something, key by key', () => {
    expect(merged('hostname: other\ngrowpart: {mode: growpart}\nresize_rootfs: noblock\nssh_pwauth: yes\nntp: {enabled: true}\n')).to.deep.include({
      hostname: 'other', growpart: { mode: 'growpart', devices: ['/'] }, resize_rootfs: 'noblock', ssh_pwauth: true, ntp: { enabled: true },
    })
  })

  it('completes a user of ours', () => {
    expect(merged('users:\n- name: ops\n  gecos: Ops\n  sudo: null\n  ssh_authorized_keys: [k]\n')['users']).to.deep.equal([
      { name: 'ops', lock_passwd: true, ssh_authorized_keys: ['ssh-ed25519 AAAA a', 'k'], sudo: null, gecos: 'Ops' },
    ])
  })

  it('may be empty', () => {
    const plain = cloudInitFiles(spec).userData
    for (const text of ['#cloud-config', '#cloud-config\n# nothing\n', '#cloud-config\n---\n', '#cloud-config\n{}\n', '#cloud-config\npackages:\n']) expect(withOwn(text)).to.equal(plain)
  })

  it('keeps what only Python reads so', () => {
    const text = withOwn('#cloud-config\nwrite_files:\n- {path: /a, permissions: 0644, content: 12e4}\n')
    expect(text).to.contain('permissions: 0644').and.contain('content: "12e4"')
  })

  it('may begin with a byte order mark, and in capitals', () => {
    expect(withOwn('\ufeff#Cloud-Config\nhostname: other\n')).to.contain('hostname: other')
  })

  for (const text of ['packages: nginx', 'runcmd: {a: b}', 'users: bob', 'ssh_authorized_keys: k', 'write_files: 3']) {
    it(`is refused when a growing list is none: ${text}`, () => expect(() => merged(text)).to.throw(UsageError, 'must be a list'))
  }

  for (const [text, message] of [
    ['#cloud-config\na: [\n', /line \d/], ['#cloud-config\n- a\n', 'keys with values'], ['#cloud-config\njust words\n', 'keys with values'], ['', 'is empty'], [' \n', 'is empty'],
    ['packages: [vim]\n', 'would not know'], ['echo hi\n', 'would not know'], ['\u001f\u008b\0', 'no text'], ['Subject: hi\n\nhi', 'would not know'],
  ] as const) {
    it(`is refused: ${JSON.stringify(text)}`, () => expect(() => withOwn(text)).to.throw(UsageError, message))
  }

  it('names the line that is no YAML', () => {
    expect(() => withOwn('#cloud-config\nhostname: x\npackages: [a\nruncmd: [b]\n')).to.throw(UsageError, /^user-data: .* at line 4, column 1$/)
  })
})

describe('user-data of another kind', () => {
  const kinds: [begins: string, type: string][] = [
    ['#!/bin/bash', 'text/x-shellscript'], ['#include https://example.org/x', 'text/x-include-url'], ['#include-once\nhttps://example.org/x', 'text/x-include-once-url'],
    ['#cloud-boothook\n#!/bin/sh', 'text/cloud-boothook'], ['#part-handler\n', 'text/part-handler'], ['## template: jinja\n#cloud-config\n', 'text/jinja2'],
    ['#cloud-config-archive\n- x', 'text/cloud-config-archive'], ['#cloud-config-jsonp\n[]', 'text/cloud-config-jsonp'],
  ]
  for (const [begins, type] of kinds) {
    it(`is put beside ours: ${type}`, () => {
      const text = `${begins}\nécho "ü" 😀\n--bay\n`
      const parts = partsOf(withOwn(text))
      expect(parts.map((part) => part.type)).to.deep.equal([`${type}; charset="utf-8"`, 'text/cloud-config; charset="utf-8"'])
      expect(parts[0]?.text).to.equal(text)
      expect(parts[1]?.text).to.equal(cloudInitFiles(spec).userData)
      expect(parts[1]?.head).to.contain('Merge-Type: list(prepend)+dict(no_replace,recurse_list)+str()')
    })
  }

  it('may be a MIME message, which becomes a part', () => {
    const message = 'From nobody Mon Jan  1 00:00:00 2024\nContent-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n\n--x\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n\n--x--\n'
    const parts = partsOf(withOwn(message))
    expect(parts[0]?.head).to.match(/^Content-Type: multipart\/mixed; boundary="x"\n/)
    expect(parts).to.have.length(2)
  })
})

function partsOf(message: string): { type?: string, head: string, text: string }[] {
  expect(message).to.match(/^[\n\x20-\x7e]*$/)
  const boundary = /^Content-Type: multipart\/mixed; boundary="([^"]+)"\nMIME-Version: 1.0\n\n/.exec(message)?.[1] ?? ''
  const pieces = message.split(`--${boundary}`)
  expect(pieces.at(-1)).to.equal('--\n')
  return pieces.slice(1, -1).map((piece) => {
    const [head = '', ...rest] = piece.slice(1).split('\n\n')
    return { type: /^Content-Type: (.*)$/m.exec(head)?.[1], head, text: Buffer.from(rest.join('\n\n'), 'base64').toString() }
  })
}
