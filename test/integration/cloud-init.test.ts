import { expect } from 'chai'
import fc from 'fast-check'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { cloudInitFiles } from '../../src/provision/cloud-init/files.js'
import type { CloudInitSpec, GuestNic } from '../../src/provision/cloud-init/spec.js'
import { writeYaml, yamlMap, type YamlMap, type YamlValue } from '../../src/provision/cloud-init/yaml.js'
import { hashPassword, Secret } from '../../src/provision/password.js'
import { unpackedCloudInit } from '../lab/cloud-init.js'

// What cloud-init itself makes of what we write: the program's own schema, and its modules as a guest runs them.
const python = '/usr/bin/python3'
const { program: cloudInit, env } = unpackedCloudInit()
const isThere = spawnSync(python, ['-c', 'import cloudinit.config.schema'], { stdio: 'ignore', env }).status === 0
const schemaHelp = spawnSync(cloudInit, ['schema', '--help'], { encoding: 'utf8', env }).stdout ?? ''
const suite = (title: string, work: () => void, missing = isThere ? undefined : 'cloud-init could not be downloaded, or lacks python3 modules') => {
  if (missing === undefined) describe(title, work)
  else describe.skip(`${title} (skipped: ${missing})`, () => { it('is checked by cloud-init', work) })
}

const bare: CloudInitSpec = { instanceId: 'i-1', hostname: 'web-1', users: [], packages: [], runCommands: [] }
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH ops@here'
const full: CloudInitSpec = {
  instanceId: '0123', hostname: 'no', fqdn: 'no.example.org', packages: ['nginx', 'no', '0123', '@ünï'], runCommands: ['echo "a\' b"', 'cat <<X\n a\nX', 'true'],
  users: [
    { name: 'ops', passwordHash: hashPassword(new Secret('hunter2')), sshKeys: [key, `restrict,command="x \\"y" ${key}`], sudo: true, groups: ['adm', 'no'], shell: '/bin/bash' },
    { name: 'yes', sshKeys: [] },
  ],
  timezone: 'Europe/Berlin', locale: 'de_DE.UTF-8', keyboard: 'no', growRoot: false, agent: true,
}
const nics: GuestNic[] = [
  {
    mac: '52:54:00:12:34:56', addresses: ['10.0.0.5/24', 'fd00::5/64'], gateway4: '10.0.0.1', gateway6: 'fd00::1', dns: ['10.0.0.1', 'fd00::1'], search: ['example.org'],
    routes: [{ to: '10.9.0.0/16', via: '10.0.0.2' }, { to: 'fd01::/48', via: 'fd00::2' }],
  },
  { mac: '52:54:00:12:34:57', addresses: 'dhcp', routes: [{ to: '192.168.7.0/24', via: '10.4.4.4' }] },
]
const own = '#cloud-config\nusers: [default, {name: ops, gecos: Ops}]\npackages: [vim, [a, "1"]]\nruncmd: [ls, [ls, -l]]\nbootcmd: [date]\n'
  + 'write_files:\n- {path: /a, permissions: "0644", content: !!binary aGk=}\n- path: /b\n  content: |\n    ä\n      b\n'

const specs: [name: string, spec: CloudInitSpec][] = [
  ['nothing', bare], ['everything', full], ['everything and the user\'s own', { ...full, extraUserData: own }], ['the user\'s own alone', { ...bare, extraUserData: own }],
  ['a key of the image\'s user', { ...bare, sshKeys: [key] }], ['the agent', { ...bare, agent: true }], ['a disk that grows', { ...bare, growRoot: true }],
  ['a text that looks like a mail', { ...bare, runCommands: ['printf "MIME-Version: 1.0\\nContent-Type: text/plain\\n" # ü'] }],
]

suite('cloud-init\'s schema', () => {
  for (const [name, spec] of specs) {
    it(`takes user-data of ${name}`, () => expect(schema(cloudInitFiles(spec).userData)).to.contain('Valid'))
  }

  it('is not so lax that it takes all', () => expect(() => schema('#cloud-config\nusers: 3\n')).to.throw())

  it('takes all that we make, without a deprecation', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,10}$/).filter((text) => text !== 'root' && text !== 'default')
    const word = fc.stringMatching(/^[A-Za-z0-9@][A-Za-z0-9.+:~=-]{0,10}$/)
    const user = fc.record({ name, sshKeys: fc.constantFrom([], [key]), sudo: fc.boolean(), groups: fc.array(name) })
    const spec = fc.record({
      instanceId: fc.constant('i'), hostname: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/), packages: fc.array(word),
      runCommands: fc.array(fc.string({ unit: 'grapheme' }).filter((text) => text.trim() !== '' && !/\p{Cc}/u.test(text))),
      users: fc.uniqueArray(user, { selector: (made) => made.name }),
      agent: fc.boolean(), growRoot: fc.constantFrom(undefined, true, false),
    })
    const all = [...specs.map(([, given]) => given), ...fc.sample(spec, 60)].map((given) => cloudInitFiles(given).userData)
    expect(ask('schema', all)).to.deep.equal(all.map(() => null))
    expect(ask('schema', ['#cloud-config\napt_update: true\n'])).to.not.deep.equal([null])
  }).timeout(120_000)
})

const typed = schemaHelp.includes('--schema-type') ? undefined : 'this cloud-init has no schema of network-config'
suite('cloud-init\'s schema of networks', () => {
  it('takes network-config', () => {
    expect(schema(cloudInitFiles({ ...bare, network: { nics } }).networkConfig ?? '', '--schema-type', 'network-config')).to.contain('Valid')
  })
}, isThere ? typed : 'cloud-init could not be downloaded, or lacks python3 modules')

suite('cloud-init\'s YAML', () => {
  it('reads what we wrote', () => {
    const signs = fc.constantFrom(...'a :#-\n\t"\'\\|>{}[]&*!%@,?=~<.0exé\u0085\u2028\ufeff\u0001\u007f😀')
    const short = fc.constantFrom('no', 'y', '=', '<<', '1e3', '12e4', '0o7', '0123', '1:30', '2024-01-01', '.5', '._', '-', '?', '~', 'null', 'e0', '52:54:00:12:34:56')
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: signs }), short)
    const value = fc.oneof(text, fc.array(text), fc.dictionary(text, text, { noNullPrototype: true }), fc.boolean(), fc.integer())
    const all = fc.sample(fc.dictionary(text, value, { noNullPrototype: true }), 600)
    expect(ask('load', all.map((object) => writeYaml(toYaml(object))))).to.deep.equal(all)
  }).timeout(120_000)

  it('reads the user\'s own as if we had not been there', () => {
    const plain = ['no', 'Off', '0644', '1_000', '10:30', '3.14', '1e3', '12e4', '0o644', '0x1f', '+1', '~', 'y', '2024-01-01', '1.2.3', '08', '"no"', '\'0644\'', '!!binary aGk=', '|\n   a\n    b\n', '>\n   a\n   b\n']
    const text = `custom:\n${plain.map((scalar, index) => `  k${index}: ${scalar}`).join('\n')}\n  k99:\n  list: &l [no, 1, {a: 012}]\n  again: *l\n  1: one\n`
    const { userData } = cloudInitFiles({ ...bare, extraUserData: `#cloud-config\n${text}` })
    const [before, after] = ask('repr', [text, userData]) as [string, string]
    expect(after).to.equal(before)
  })

  it('reads meta-data and network-config as texts', () => {
    const files = cloudInitFiles({ ...full, network: { nics } })
    expect(ask('load', [files.metaData, files.networkConfig ?? ''])).to.deep.equal([
      { 'instance-id': '0123', 'local-hostname': 'no' }, parse(files.networkConfig ?? '') as unknown,
    ])
  })
})

suite('cloud-init\'s reading of several parts', () => {
  const given = { ...bare, packages: ['nginx'], runCommands: ['echo ü'] }
  const types = (extraUserData: string) => ask('parts', [cloudInitFiles({ ...given, extraUserData }).userData]) as [{ type: string, text: string }[]]

  for (const [type, text] of [
    ['text/x-shellscript', '#!/bin/sh\necho "ä 😀"\n'], ['text/cloud-boothook', '#cloud-boothook\n#!/bin/sh\n'], ['text/jinja2', '## template: jinja\n#cloud-config\nfqdn: {{ v1.x }}\n'],
    ['text/part-handler', '#part-handler\ndef x(): pass\n'],
  ] as const) {
    it(`finds both: ${type}`, () => {
      expect(types(text)[0]).to.deep.equal([{ type, text }, { type: 'text/cloud-config', text: cloudInitFiles(given).userData }])
    })
  }

  it('finds the parts of a message in the message', () => {
    const message = 'Content-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n\n--x\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--x\nContent-Type: text/cloud-config\n\n#cloud-config\npackages: [vim]\n--x--\n'
    expect(types(message)[0].map((part) => part.type)).to.deep.equal(['text/x-shellscript', 'text/cloud-config', 'text/cloud-config'])
    expect(ask('merged', [cloudInitFiles({ ...given, extraUserData: message }).userData])).to.have.nested.property('[0].packages').that.deep.equals(['nginx', 'vim'])
  })

  it('takes a text that looks like a mail for ours', () => {
    const text = 'printf "MIME-Version: 1.0\\nContent-Type: text/plain\\n" # ü'
    expect(ask('merged', [cloudInitFiles({ ...bare, runCommands: [text] }).userData])).to.have.nested.property('[0].runcmd').that.deep.equals([['sh', '-c', text]])
  })

  it('lets the user win, and lists grow, also across parts', () => {
    const message = 'Content-Type: text/cloud-config\nMIME-Version: 1.0\n\n#cloud-config\nhostname: other\npackages: [vim]\nruncmd: [ls]\ngrowpart: {mode: auto}\n'
    expect((ask('merged', [cloudInitFiles({ ...given, growRoot: false, extraUserData: message }).userData]) as object[])[0]).to.deep.include({
      hostname: 'other', packages: ['nginx', 'vim'], runcmd: [['sh', '-c', 'echo ü'], 'ls'], growpart: { mode: 'auto', devices: ['/'] }, ssh_pwauth: false,
    })
  })

  it('makes the users that were meant', () => {
    const [users] = ask('users', [cloudInitFiles({ ...full, extraUserData: own }).userData]) as [Record<string, object>]
    expect(users).to.have.all.keys('ops', 'yes', 'debian')
    expect(users['ops']).to.deep.include({ lock_passwd: false, gecos: 'Ops', sudo: 'ALL=(ALL) NOPASSWD:ALL', default: false })
    expect(users['yes']).to.deep.equal({ lock_passwd: true, default: false })
  })
})

suite('cloud-init\'s network renderers', () => {
  const render = (renderer: string) => {
    const [files] = ask(renderer, [cloudInitFiles({ ...bare, network: { nics } }).networkConfig ?? '']) as [Record<string, string>]
    return Object.values(files).join('\n')
  }
  for (const [renderer, lines] of [
    ['eni', [/address 10\.0\.0\.5\/24/, /address fd00::5\/64/, /route add default (gw|via) 10\.0\.0\.1/, /10\.9\.0\.0\/16 (gw|via) 10\.0\.0\.2/, /inet dhcp/]],
    ['sysconfig', [/IPADDR=10\.0\.0\.5/, /GATEWAY=10\.0\.0\.1/, /IPV6ADDR=fd00::5\/64/, /10\.0\.0\.2/, /BOOTPROTO=dhcp/, /HWADDR=52:54:00:12:34:56/]],
    ['networkd', [/MACAddress=52:54:00:12:34:56/, /Address=10\.0\.0\.5\/24/, /Gateway=10\.0\.0\.1/, /Destination=10\.9\.0\.0\/16/, /DHCP=ipv4/]],
    ['network_manager', [/address1=10\.0\.0\.5\/24/, /10\.0\.0\.1/, /method=auto/, /mac-address=52:54:00:12:34:56/i]],
  ] as const) {
    it(`write addresses, routes and DHCP: ${renderer}`, () => {
      const text = render(renderer)
      for (const line of lines) expect(text).to.match(line)
    })
  }
})

function toYaml(value: unknown): YamlMap {
  const convert = (item: unknown): YamlValue => Array.isArray(item)
    ? item.map(convert)
    : typeof item === 'object' && item !== null ? yamlMap(Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, convert(inner)]))) : item as YamlValue
  return convert(value) as YamlMap
}

/** What `cloud-init schema` says of a file; throws when it says no. */
function schema(text: string, ...args: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'bay-test-schema-'))
  try {
    writeFileSync(join(folder, 'file'), text)
    return execFileSync(cloudInit, ['schema', ...args, '--config-file', join(folder, 'file')], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** One question about many texts, an answer each. */
function ask(question: string, texts: readonly string[]): unknown[] {
  return JSON.parse(execFileSync(python, ['-c', program, question], { input: JSON.stringify(texts), encoding: 'utf8', maxBuffer: 2 ** 28, env, stdio: ['pipe', 'pipe', 'pipe'] })) as unknown[]
}

const program = `
import json, os, sys, tempfile, yaml
from cloudinit import distros, helpers, user_data, util
from cloudinit.config.schema import SchemaValidationError, validate_cloudconfig_schema
from cloudinit.distros import ug_util
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
from cloudinit.net import network_state

def schema(text):
    try:
        return validate_cloudconfig_schema(yaml.safe_load(text), strict=True)
    except SchemaValidationError as error:
        return str(error)

def walk(text):
    message = user_data.UserDataProcessor(helpers.Paths({})).process(text)
    return [part for part in message.walk() if part.get_content_maintype() != 'multipart']

def parts(text):
    return [dict(type=part.get_content_type(), text=part.get_payload(decode=True).decode()) for part in walk(text)]

def merged(text):
    handler = CloudConfigPartHandler(helpers.Paths({}))
    for part in walk(text):
        if part.get_content_type() == 'text/cloud-config':
            handler.handle_part('', 'text/cloud-config', 'x', util.fully_decoded_payload(part), '', dict(part))
    return handler.cloud_buf

def users(text):
    system = {'default_user': {'name': 'debian', 'lock_passwd': True}}
    distro = distros.fetch('debian')('debian', system, helpers.Paths({}))
    return ug_util.normalize_users_groups(yaml.safe_load(text), distro)[0]

def state(text):
    return network_state.parse_net_config_data(yaml.safe_load(text), skip_broken=False)

def files(name):
    def render(text):
        module = __import__('cloudinit.net.' + name, fromlist=['Renderer'])
        if name == 'networkd':
            return module.Renderer()._render_content(state(text))
        with tempfile.TemporaryDirectory() as folder:
            config = distros.fetch('rhel').renderer_configs.get(name) if name == 'sysconfig' else {}
            module.Renderer(config).render_network_state(state(text), target=folder)
            return {os.path.join(at, leaf): open(os.path.join(at, leaf)).read() for at, _, leaves in os.walk(folder) for leaf in leaves}
    return render

questions = dict(
    schema=schema, load=yaml.safe_load, repr=lambda text: repr(yaml.safe_load(text)['custom']), parts=parts, merged=merged, users=users,
    **{name: files(name) for name in ('eni', 'sysconfig', 'networkd', 'network_manager')})
print(json.dumps([questions[sys.argv[1]](text) for text in json.load(sys.stdin)]))
`
