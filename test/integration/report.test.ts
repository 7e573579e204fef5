import { expect } from 'chai'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bay } from '../lab/bay.js'
import type { ReportData } from '../../src/virt/ops/make-report.js'
import { machine, SandboxHost } from './sandbox-host.js'
import { onTest } from './vm-host.js'

describe('bay report', function () {
  this.timeout(60_000)

  it('is one page with all parts, with names and descriptions as text; what the driver lacks is said in it', async () => {
    using sandbox = new SandboxHost()
    const disk = `<disk type='file'><source file='/x.img'/><target dev='vda' bus='virtio'/></disk>`
    await sandbox.change(async (host) => {
      for (const name of ['o&apos;neil &quot;&amp;', 'b']) {
        using made = host.defineDomain(machine(name, '<description>&lt;script&gt;alert(1)&lt;/script&gt;</description>', disk))
        if (name === 'b') await made.start()
      }
    })
    const page = await bay(['report', '-c', sandbox.uri])
    expect(page).to.include({ code: 0, stderr: '' })
    expect(page.stdout).not.to.include('<script')
    expect(page.stdout).to.include('&#60;script&#62;alert(1)').and.include('o&#39;neil &#34;&#38;').and.include('<svg')
    expect(page.stdout).to.match(/Not read<.*filter audit<.*the embedded host has no network filters/s)
    for (const part of ['Findings: host', 'Findings: networks', 'Host', 'Machines', 'Pools', 'Networks', 'Not looked at']) {
      expect(page.stdout).to.include(`<h2>${part}</h2>`)
    }

    const one = (await bay(['report', '-c', sandbox.uri, '--limit', '1', '-o', 'json'])).json() as ReportData
    expect(one.machines).to.deep.include({ total: 2, states: { running: 1, off: 1 } })
    expect(one.machines?.rows.map(({ name, disks }) => ({ name, disks }))).to.deep.equal([{ name: 'b', disks: [{ target: 'vda', capacity: null, allocation: null }] }])
    expect(one.checks.filter).to.equal(null)
    expect(one.unread).to.deep.equal([{ part: 'filter audit', text: one.unread[0]?.text }])
  })

  it('writes a file whole or not at all, with the mode that was asked for', async () => {
    using sandbox = new SandboxHost()
    const file = join(sandbox.folder, 'host.html')
    const [first, bad] = [await onTest(`report -q --write ${file}`), await onTest(`report --write ${file}.d/x --mode 0600`)]
    expect(first).to.include({ code: 0, stdout: '', stderr: '' })
    expect(statSync(file).mode & 0o777).to.equal(0o644)
    expect(bad).to.include({ code: 2 }).and.have.property('stderr').that.includes('no such folder')
    const second = await onTest(`report --write ${file} --mode 0600 -o json`)
    expect(second.json()).to.deep.equal({ action: 'write', kind: 'report', name: file, changed: true })
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(readFileSync(file, 'utf8')).to.match(/^<!DOCTYPE html>[^]*<td valign="top">test<\/td>[^]*<\/html>\n$/)
    expect(readdirSync(sandbox.folder)).to.deep.equal(['host.html'])
  })

  it('ends with 6 when the host cannot be reached, and writes nothing', async () => {
    using sandbox = new SandboxHost()
    const file = join(sandbox.folder, 'host.html')
    const result = await bay(['report', '-c', 'qemu+unix:///system?socket=/none', '--write', file])
    expect(result.code).to.equal(6)
    expect(readdirSync(sandbox.folder)).to.deep.equal([])
  })
})
