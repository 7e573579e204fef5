import { expect } from 'chai'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloudInitFiles } from '../../src/provision/cloud-init/files.js'
import { readSshKeys } from '../../src/provision/cloud-init/ssh-keys.js'
import { readIsoFile } from '../../src/provision/iso-file.js'
import { makeIso, seedIso } from '../../src/provision/iso.js'

const which = (program: string) => spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim()
/** Where distributions have a mkisofs, it is mostly cdrkit's: the program that is also called genisoimage. */
const pathOf = (program: string) => which(program) || (program === 'mkisofs' ? which('genisoimage') : '')
const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const suite = (title: string, program: string, work: () => void) => {
  if (pathOf(program) !== '') describe(title, work)
  else describe.skip(`${title} (skipped: there is no ${program})`, () => { it('is checked', work) })
}

let folder: string
before(() => { folder = mkdtempSync(join(tmpdir(), 'bay-test-seed-')) })
after(() => rmSync(folder, { recursive: true }))

for (const program of ['xorrisofs', 'genisoimage', 'mkisofs']) {
  suite(`a seed made by ${program}`, program, () => {
    const files = cloudInitFiles({
      instanceId: 'i-1', hostname: 'web-1', packages: ['ünï😀'], runCommands: ['x'.repeat(100_000)], users: [],
      network: { nics: [{ mac: '52:54:00:12:34:56', addresses: 'dhcp' }] },
    })
    let iso: string
    before(async () => {
      const only = join(folder, program)
      mkdirSync(only)
      symlinkSync(pathOf(program), join(only, program))
      iso = join(folder, `${program}.iso`)
      const { TMPDIR } = process.env
      mkdirSync(join(folder, `${program}-tmp`))
      process.env['TMPDIR'] = join(folder, `${program}-tmp`)
      try {
        await seedIso(files, iso, { path: only })
        await seedIso(files, `${iso}-again`, { path: only })
      } finally {
        if (TMPDIR === undefined) delete process.env['TMPDIR']
        else process.env['TMPDIR'] = TMPDIR
      }
    })

    it('has what was put in, under the names that cloud-init looks for', () => {
      const out = join(folder, `${program}-out`)
      run('xorriso', '-no_rc', '-osirrox', 'on', '-indev', iso, '-extract', '/', out)
      expect(readdirSync(out).sort()).to.deep.equal(['meta-data', 'network-config', 'user-data'])
      const read = (name: string) => readFileSync(join(out, name), 'utf8')
      expect({ userData: read('user-data'), metaData: read('meta-data'), networkConfig: read('network-config') }).to.deep.equal(files)
      expect(statSync(join(out, 'user-data')).mode & 0o777).to.equal(0o600)
    })

    it('is read again as it was written, and what is not on it, or cut, is not', () => {
      const bytes = readFileSync(iso)
      const read = (name: string) => readIsoFile(bytes, name)?.toString()
      expect({ userData: read('user-data'), metaData: read('meta-data'), networkConfig: read('network-config') }).to.deep.equal(files)
      expect(read('vendor-data')).to.equal(undefined)
      expect(readIsoFile(bytes.subarray(0, 40_000), 'user-data')).to.equal(undefined)
      expect(readIsoFile(Buffer.alloc(100_000), 'user-data')).to.equal(undefined)
    })

    it('has the label that cloud-init looks for, and both kinds of long names', () => {
      const bytes = readFileSync(iso)
      // ECMA-119, 8.4.7: the volume identifier of the primary descriptor, which is sector 16.
      expect(bytes.toString('latin1', 32_768 + 40, 32_768 + 72).trim()).to.equal('cidata')
      const descriptors = [17, 18, 19].map((sector) => bytes.subarray(sector * 2048, (sector + 1) * 2048))
      expect(descriptors.some((sector) => sector[0] === 2 && /%\/[@CE]/.test(sector.toString('latin1', 88, 120)))).to.equal(true)
      expect(bytes.includes('RRIP_1991A') || bytes.includes('IEEE_P1282')).to.equal(true)
    })

    it('is for its owner only, and nothing else is left', () => {
      expect(statSync(iso).mode & 0o777).to.equal(0o600)
      expect(readdirSync(join(folder, `${program}-tmp`))).to.deep.equal([])
    })

    if (program === 'xorrisofs') it('is the same for the same content', () => expect(readFileSync(iso).equals(readFileSync(`${iso}-again`))).to.equal(true))

    it('may be empty, or have bytes', async () => {
      const to = join(folder, `${program}-bytes.iso`)
      const content = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 256))
      await makeIso('OEMDRV', new Map<string, string | Buffer>([['ks.cfg', ''], ['data.bin', content]]), to, { path: join(folder, program) })
      expect(readFileSync(to).includes(content)).to.equal(true)
    })
  })
}

suite('SSH keys', 'ssh-keygen', () => {
  for (const [type, bits] of [['ed25519', '256'], ['rsa', '2048'], ['ecdsa', '256'], ['ecdsa', '384'], ['ecdsa', '521']] as const) {
    it(`of ssh-keygen are taken, and their private halves refused: ${type} ${bits}`, async () => {
      const path = join(folder, `id_${type}_${bits}`)
      run('ssh-keygen', '-q', '-t', type, '-b', bits, '-N', '', '-C', 'me@here', '-f', path)
      const text = readFileSync(`${path}.pub`, 'utf8').trim()
      expect(await readSshKeys([`${path}.pub`, text])).to.deep.equal([text])
      for (const given of [path, readFileSync(path, 'utf8')]) {
        const error: unknown = await readSshKeys([given]).then(() => undefined, (thrown: unknown) => thrown)
        expect(String(error)).to.contain('is a private key')
      }
    })
  }
})
