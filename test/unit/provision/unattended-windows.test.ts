import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../../src/errors.js'
import { Secret } from '../../../src/provision/password.js'
import { answerFor } from '../../../src/provision/unattended/answer.js'
import type { WindowsInstall } from '../../../src/provision/unattended/spec.js'
import { windowsZone } from '../../../src/provision/unattended/windows-zones.js'
import { parse, type XmlElement } from '../../../src/xml/node.js'
import { awkward, fixed, windows } from './unattended-specs.js'

const xml = (change: Partial<WindowsInstall> = {}) => answerFor({ ...windows, ...change }).files.get('autounattend.xml') ?? ''
const tree = (change: Partial<WindowsInstall> = {}) => parse(xml(change).replace(/^<\?xml.*\?>\n/, ''))

describe('answers for Windows Setup', () => {
  it('have their passes in the order in which they run, and each component of its kind', () => {
    const passes = elements(tree({ virtioDrivers: true, network: fixed }))
    expect(passes.map(({ attributes }) => attributes['pass'])).to.deep.equal(['windowsPE', 'specialize', 'oobeSystem'])
    expect(passes.map((pass) => elements(pass).map(({ attributes }) => attributes['name']?.replace('Microsoft-Windows-', '')))).to.deep.equal([
      ['International-Core-WinPE', 'PnpCustomizationsWinPE', 'Setup'], ['Shell-Setup', 'TCPIP', 'DNS-Client'], ['International-Core', 'Shell-Setup'],
    ])
    for (const { attributes } of passes.flatMap(elements)) {
      expect(attributes).to.include({
        'processorArchitecture': 'amd64', 'publicKeyToken': '31bf3856ad364e35', 'language': 'neutral', 'versionScope': 'nonSxS',
        'xmlns:wcm': 'http://schemas.microsoft.com/WMIConfig/2002/State',
      })
    }
    expect(tree().attributes).to.deep.equal({ xmlns: 'urn:schemas-microsoft-com:unattend' })
    expect(xml({ arch: 'aarch64', virtioDrivers: true })).to.contain('processorArchitecture="arm64"').and.contain('\\w11\\ARM64')
  })

  it('run on a disc of their own; the machine restarts on the way, and wants a key', () => {
    const { how, kernel, during } = answerFor({ ...windows, virtioDrivers: true })
    expect({ how, kernel, during }).to.deep.equal({
      how: { kind: 'cd', label: 'ANSWERS' }, kernel: undefined,
      during: { restarts: true, pressKey: true, discs: ['answers', 'drivers'] },
    })
  })

  it('partition the disk for each firmware', () => {
    const uefi = tree()
    expect(texts(uefi, 'Type')).to.deep.equal(['EFI', 'MSR', 'Primary'])
    expect(texts(uefi, 'PartitionID')).to.deep.equal(['1', '2', '3', '3'])
    const bios = tree({ os: 'windows-10', firmware: 'bios', disk: 'sdb' })
    expect(texts(bios, 'Type')).to.deep.equal(['Primary', 'Primary'])
    expect(texts(bios, 'Active')).to.deep.equal(['true'])
    expect(texts(bios, 'PartitionID')).to.deep.equal(['1', '2', '2'])
    expect(texts(bios, 'DiskID')).to.deep.equal(['1', '1'])
  })

  it('choose the edition by name, number or key', () => {
    expect([texts(tree(), 'Key'), texts(tree(), 'Value')[0]]).to.deep.equal([['/IMAGE/NAME'], 'Windows 11 Pro'])
    expect(texts(tree({ image: { index: 6 } }), 'Key')).to.deep.equal(['/IMAGE/INDEX'])
    expect(texts(tree({ image: undefined, productKey: new Secret('AAAAA-BBBBB-CCCCC-DDDDD-EEEEE') }), 'Key')).to.deep.equal(['AAAAA-BBBBB-CCCCC-DDDDD-EEEEE'])
  })

  it('hide passwords as Windows SIM does', () => {
    const values = texts(tree({ os: 'windows-server' }), 'Value').slice(1).map((value) => Buffer.from(value, 'base64').toString('utf16le'))
    expect(values).to.deep.equal(['pä"ss <&>Password', 'pä"ss <&>AdministratorPassword', 'pä"ss <&>Password'])
    expect(texts(tree(), 'PlainText')).to.deep.equal(['false', 'false'])
    const administrator = tree({ os: 'windows-server', user: 'Administrator' })
    expect(texts(administrator, 'Username')).to.deep.equal(['Administrator'])
    expect(texts(administrator, 'Group')).to.deep.equal([])
  })

  it('run tools and commands in order at the first login, and turn the machine off', () => {
    const lines = texts(tree({ virtioDrivers: true }), 'CommandLine')
    expect(lines[0]).to.contain('virtio-win-guest-tools.exe')
    expect(lines[1]).to.equal('cmd.exe /s /c "echo "a & b" > C:\\x.txt"')
    expect(lines.at(-1)).to.equal('cmd.exe /s /c "shutdown /s /t 5"')
    expect(xml()).to.not.contain('virtio').and.not.contain('LabConfig')
    expect(texts(tree({ bypassRequirements: true }), 'Path').filter((path) => path.includes('LabConfig'))).to.have.length(5)
    expect(xml({ os: 'windows-server', serverVersion: '2025', virtioDrivers: true })).to.contain('E:\\viostor\\2k25\\amd64')
  })

  it('speak the machine\'s language, and the disc\'s', () => {
    const mixed = tree({ language: 'en-US' })
    expect(texts(mixed, 'UILanguage')).to.deep.equal(['en-US', 'en-US', 'en-US'])
    expect(texts(mixed, 'UserLocale')).to.deep.equal(['de-DE', 'de-DE'])
    expect(texts(mixed, 'InputLocale')).to.deep.equal(['0407:00000407', '0407:00000407'])
    expect(() => xml({ keyboard: 'dvorak' })).to.throw(UsageError, 'is not known for Windows')
  })

  it('have an address of their own', () => {
    const root = tree({ network: fixed })
    expect(texts(root, 'Identifier')).to.deep.equal(['52-54-00-12-34-56', '0', '52-54-00-12-34-56'])
    expect(texts(root, 'IpAddress')).to.deep.equal(['10.0.0.5/24', '10.0.0.1', '9.9.9.9'])
  })

  it('know every time zone that has a country', () => {
    expect([windowsZone('Europe/Berlin'), windowsZone('America/New_York'), windowsZone('Asia/Kolkata'), windowsZone('UTC'), windowsZone('Europe/Kyiv')])
      .to.deep.equal(['W. Europe Standard Time', 'Eastern Standard Time', 'India Standard Time', 'UTC', 'FLE Standard Time'])
    expect(() => windowsZone('Antarctica/Troll')).to.throw(UsageError)
  })

  it('are refused when a value is no value', () => {
    const keys = ['hostname', 'user', 'locale', 'keyboard', 'timezone', 'disk', 'language'] as const
    for (const text of awkward) {
      for (const name of keys) expect(() => xml({ [name]: text }), `${name} ${JSON.stringify(text)}`).to.throw(UsageError)
      expect(() => xml({ image: { name: text } }), `image ${JSON.stringify(text)}`).to.throw(UsageError)
      expect(() => xml({ productKey: new Secret(text) }), `key ${JSON.stringify(text)}`).to.throw(UsageError)
    }
  })

  it('have the same elements whatever a command or a password is', () => {
    const shape = namesOf(tree())
    const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 50 }), fc.constantFrom(...awkward))
    fc.assert(fc.property(fc.constantFrom('command', 'password', 'user', 'image'), anything, (what, text) => {
      try {
        const change = {
          command: { runCommands: [text] }, password: { password: new Secret(text) },
          user: { user: text }, image: { image: { name: text } },
        }[what]
        const root = tree(change)
        expect(namesOf(root)).to.deep.equal(shape)
        if (what === 'command') expect(texts(root, 'CommandLine')).to.include(`cmd.exe /s /c "${text}"`)
        if (what === 'password') expect(texts(root, 'Value').at(-1)).to.equal(Buffer.from(`${text}Password`, 'utf16le').toString('base64'))
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
      }
    }), { numRuns: 150 })
  })

  const bad: [what: string, change: Partial<WindowsInstall>, says: string][] = [
    ['a name that NetBIOS has no room for', { hostname: 'a-rather-long-name' }, `longer than Windows' 15 characters`],
    ['a name of digits', { hostname: '12345' }, 'digits only'],
    ['a user named as the computer', { user: 'WIN-1' }, 'both called WIN-1'],
    ['Administrator on a desktop', { user: 'administrator' }, 'keeps Administrator locked'],
    ['a user that is a device', { user: 'con' }, `Windows' own`],
    ['a hash for a password', { password: new Secret('$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/') }, 'not its hash'],
    ['no edition', { image: undefined }, 'which edition of Windows?'],
    ['Windows 11 with BIOS', { firmware: 'bios' }, 'does not install with BIOS'],
    ['a bypass of what is not required', { os: 'windows-10', bypassRequirements: true }, 'only Windows 11'],
    ['a command of two lines', { runCommands: ['a\nb'] }, 'more than one line'],
    ['a command too long', { runCommands: ['x'.repeat(1001)] }, 'longer than 1000'],
  ]
  for (const [what, change, says] of bad) {
    it(`refuse ${what}`, () => expect(() => xml(change)).to.throw(UsageError, says))
  }
})

function elements(element: XmlElement): XmlElement[] {
  return element.children.filter((child): child is XmlElement => child.type === 'element')
}

/** The texts of all elements of that name, in order. */
function texts(element: XmlElement, name: string): string[] {
  const own = element.name === name ? [element.children.map((child) => child.type === 'text' ? child.text : '').join('')] : []
  return [...own, ...elements(element).flatMap((child) => texts(child, name))].filter((text) => text !== '')
}

function namesOf(element: XmlElement): unknown {
  return [element.name, elements(element).map(namesOf)]
}
