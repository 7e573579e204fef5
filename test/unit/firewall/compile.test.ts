import { expect } from 'chai'
import { compileFilter, type Parent } from '../../../src/firewall/compile.js'
import { Place } from '../../../src/firewall/faults.js'
import { filterProfiles } from '../../../src/firewall/profiles.js'
import { remarksOn } from '../../../src/firewall/remarks.js'
import { readRuleFile } from '../../../src/firewall/rule-file.js'
import { readFilter, filterElement } from '../../../src/xml/filter.js'
import { serialize } from '../../../src/xml/node.js'

const place = new Place('rules.yaml')
const read = async (text: string) => {
  const [filter] = await readRuleFile(text, { where: 'rules.yaml', name: 'f' })
  if (!filter) throw new Error('no filter')
  return filter
}
/** The rules of the file itself, as libvirt reads them: without needs and default. */
const compiled = async (text: string, parents: Parent[] = []) => {
  const { spec } = compileFilter(await read(text), parents, place)
  return readFilter(serialize(filterElement(spec))).rules.filter(({ comment }) => !/^bay:(need|default)/.test(comment ?? ''))
    .map(({ action, direction, priority, statematch, protocol, attributes, comment }) => [
      action, direction, priority, protocol, ...statematch ? [] : ['stateless'], ...Object.entries(attributes).map((pair) => pair.join('=')), ...comment === null ? [] : [`# ${comment}`],
    ].join(' '))
}
const failure = (work: Promise<unknown>) => work.then(() => '', (error: unknown) => error instanceof Error ? error.message : '')

describe('the compiler to libvirt\'s filters', () => {
  it('covers both families unless one is said', async () => {
    expect(await compiled('rules: [ssh]')).to.deep.equal(['accept in 700 tcp dstportstart=22', 'accept in 700 tcp-ipv6 dstportstart=22'])
    expect(await compiled('rules: [{service: ssh, family: ipv6}]')).to.deep.equal(['accept in 700 tcp-ipv6 dstportstart=22'])
  })

  it('writes networks as address and mask, other runs as ranges, each in its family', async () => {
    expect(await compiled('rules: [{service: ssh, from: [10.0.0.0/8, "2001:DB8:0::/32", 10.0.0.5-10.0.0.9, 192.168.1.1]}]')).to.deep.equal([
      'accept in 700 tcp srcipaddr=10.0.0.0 srcipmask=8 dstportstart=22', 'accept in 700 tcp srcipfrom=10.0.0.5 srcipto=10.0.0.9 dstportstart=22',
      'accept in 700 tcp srcipaddr=192.168.1.1 dstportstart=22', 'accept in 700 tcp-ipv6 srcipaddr=2001:db8:: srcipmask=32 dstportstart=22',
    ])
  })

  it('decides what is opened from inside first, drops there only what is new, and else both ways', async () => {
    expect(await compiled('rules: [{action: drop, protocol: tcp, ports: 1-9, family: ipv4}, {action: drop, direction: out, protocol: tcp, ports: 25, family: ipv4}]')).to.deep.equal([
      'drop in 700 tcp dstportstart=1 dstportend=9', 'drop out -200 tcp dstportstart=25 state=NEW,RELATED,INVALID',
    ])
  })

  it('gives the echo its answer, and matches other types without a connection', async () => {
    expect(await compiled('rules: [{protocol: icmp, type: [echo-request, time-exceeded], from: 10.0.0.1}]')).to.deep.equal([
      'accept in 700 icmp srcipaddr=10.0.0.1 type=8', 'accept out 700 icmp dstipaddr=10.0.0.1 type=0 # bay:answer', 'accept in 700 icmp stateless srcipaddr=10.0.0.1 type=11',
    ])
  })

  it('keeps the order of rules whose action changes, and the priorities that are said', async () => {
    const text = 'rules: [{service: ssh, family: ipv4}, {service: http, family: ipv4}, {service: smtp, action: drop, family: ipv4}, {service: dns, family: ipv4, priority: 3}, {protocol: any, family: ipv4}]'
    expect((await compiled(text)).map((rule) => rule.split(' ')[2])).to.deep.equal(['700', '700', '701', '3', '3', '702'])
  })

  it('stands before what it inherits, and shares its default', async () => {
    const base: Parent = { name: 'base', depth: 1, default: { in: 'drop', out: 'accept' }, needs: [] }
    expect(await compiled('inherit: base\nrules: [{service: ssh, family: ipv4}]', [base])).to.deep.equal(['accept in 500 tcp dstportstart=22'])
    expect(await failure(compiled('inherit: base\ndefault: drop', [base]))).to.equal('rules.yaml:1: f has another default than base, which it inherits: in drop, out drop, not in drop, out accept')
    expect(await failure(compiled('inherit: base', [{ ...base, depth: 6 }]))).to.contain('inherits through more than 6 filters')
  })

  it('ends in dropping everything, on Ethernet too, unless it is open', async () => {
    const last = async (text: string) => compileFilter(await read(text), [], place).spec.rules.slice(-1)[0]
    expect(await last('rules: [ssh]')).to.deep.include({ action: 'drop', direction: 'inout', protocol: 'mac' })
    expect(await last('default: accept')).to.deep.include({ action: 'accept', direction: 'inout', protocol: 'mac' })
  })

  it('refuses what grows beyond all measure, and too many turns', async () => {
    const ports = Array.from({ length: 80 }, (_, index) => index + 1).join(',')
    expect(await failure(compiled(`rules:\n  - ssh\n  - {protocol: tcp, ports: [${ports}], source-ports: [${ports}]}`))).to.match(/^rules\.yaml:3: that is more than 5000 rules/)
    const turns = Array.from({ length: 102 }, (_, index) => `  - {protocol: tcp, ports: ${index + 1}, action: ${index % 2 === 0 ? 'accept' : 'drop'}}`).join('\n')
    expect(await failure(compiled(`rules:\n${turns}`))).to.match(/^rules\.yaml:102: there are more than 100 changes/)
  })

  it('compiles its own profiles', async () => {
    for (const { rules } of Object.values(filterProfiles)) await compiled(rules)
  })

  const remarks: [what: string, rules: string, says: string[]][] = [
    ['the same twice', '[ssh, {service: ssh}]', ['duplicate 1']],
    ['the opposite of the same', '[ssh, {service: ssh, action: drop}]', ['contradictory 1']],
    ['one inside another', '[{protocol: tcp, action: drop}, ssh]', ['shadowed 1']],
    ['one inside another that does the same', '[{protocol: any, from: 10.0.0.0/8}, {service: ssh, from: 10.1.0.0/16}]', ['redundant 1']],
    ['one that comes later by its priority', '[{protocol: any, priority: 800, action: drop}, ssh]', []],
    ['other families, directions and ports', '[{service: ssh, family: ipv4}, {service: ssh, family: ipv6}, {service: ssh, direction: out}, {protocol: tcp, ports: 23}]', []],
  ]
  for (const [what, rules, says] of remarks) {
    it(`remarks on ${what}`, async () => {
      expect(remarksOn(await read(`rules: ${rules}`)).map(({ kind, by }) => `${kind} ${by}`)).to.deep.equal(says)
    })
  }
})
