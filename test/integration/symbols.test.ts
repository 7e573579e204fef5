import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { failure } from '../../src/virt/errors.js'
import { addressFamilies, domainStates, poolStates, volumeTypes } from '../../src/virt/enums.js'
import * as flags from '../../src/virt/flags.js'
import { libvirtFunction } from '../../src/virt/raw/library.js'
import { libvirtQemuTable, libvirtTable } from '../../src/virt/raw/libvirt.js'
import type { Entry } from '../../src/virt/raw/types.js'
import { parse } from '../../src/xml/node.js'
import { all, attr, child, children } from '../../src/xml/tree.js'
import { enumNames, parameterTypes, resultTypes } from './symbols-in-c.js'

/** libvirt's descriptions of its own API: part of libvirt-dev (Debian) and libvirt-devel (Fedora). */
const descriptions = ['libvirt', 'libvirt-qemu'].map((library) => `/usr/share/libvirt/api/${library}-api.xml`)
const table = Object.entries<Entry>({ ...libvirtTable, ...libvirtQemuTable })

describe('the symbol table', () => {
  for (const [name] of table) {
    it(`${name} exists in the library`, () => {
      expect(libvirtFunction(name, name in libvirtQemuTable ? 'libvirtQemu' : 'libvirt')).to.be.a('bigint').and.not.equal(0n)
    })
  }

  it('would see what does not exist', () => {
    expect(libvirtFunction('virDomainMakeCoffee')).to.equal(0n)
    expect(libvirtFunction('virDomainQemuMakeCoffee', 'libvirtQemu')).to.equal(0n)
    // It stands in the second library only.
    expect(libvirtFunction('virDomainQemuAgentCommand')).to.equal(0n)
  })

  it('has what is called beside it, by address or by name', () => {
    for (const name of [
      'virInitialize', 'virSetErrorFunc', 'virGetLastError', 'virConnGetLastError', 'virConnResetLastError', 'virResetLastError',
      'virResetError', 'virCopyLastError', 'virEventRunDefaultImpl',
    ]) expect(libvirtFunction(name), name).not.to.equal(0n)
  })
})

describe('the symbol table as libvirt describes itself', () => {
  let functions: Map<string, Signature>
  let enums: Map<string, number>

  before(function () {
    const missing = descriptions.find((file) => !existsSync(file))
    if (missing) {
      this.test?.parent?.eachTest((test) => { test.title += ` (skipped: no ${missing}; apt install libvirt-dev)` })
      this.skip()
    }
    functions = new Map(descriptions.flatMap((file) => [...readDescription(file).functions]))
    enums = readDescription(descriptions[0] ?? '').enums
  })

  for (const [name, [result, ...parameters]] of table) {
    it(`${name} gives ${result} and takes ${parameters.join(', ') || 'nothing'}`, () => {
      const signature = functions.get(name)
      expect(signature, 'described').to.not.equal(undefined)
      if (!signature) return
      expect(resultTypes[result], `the result is ${signature.result}`).to.include(signature.result)
      expect(signature.parameters, 'number of parameters').to.have.length(parameters.length)
      parameters.forEach((kind, at) => {
        expect(signature.parameters[at], `parameter ${at + 1} is ${kind}`).to.match(parameterTypes[kind])
      })
    })
  }

  it('calls a question a flag, and every other int a count or a status', () => {
    for (const [name, [result]] of table) expect(result === 'flag', name).to.equal(/Is[A-Z]|Has[A-Z]/.test(name))
  })

  it('knows a function that frees what it gives', () => {
    const given = new Set(table.flatMap(([, [result]]) => resultTypes[result].filter((type) => type.endsWith('Ptr'))))
    const freed = new Set(table.filter(([name]) => /(Free|Close)$/.test(name)).map(([name]) => functions.get(name)?.parameters[0]))
    for (const type of given) expect(freed.has(type), type).to.equal(true)
  })

  it('has libvirt\'s numbers for errors, flags and states', () => {
    const ours = { failure, ...flags }
    for (const [group, names] of Object.entries(enumNames)) {
      const values = ours[group as keyof typeof ours]
      const flat = typeof values === 'number' ? { '': values } : values
      expect(Object.keys(flat), group).to.have.members(Object.keys(names))
      for (const [key, name] of Object.entries(names)) {
        const described = name.split('|').reduce((sum, each) => sum | (enums.get(each) ?? Number.NaN), 0)
        expect(flat[key as keyof typeof flat], `${group}.${key} is ${name}`).to.equal(described)
      }
    }
    expect(Object.keys(enumNames)).to.have.members(Object.keys(ours))
  })

  it('has a word for each of libvirt\'s states', () => {
    expect(domainStates).to.have.length(enums.get('VIR_DOMAIN_LAST') ?? 0)
    expect(poolStates).to.have.length(enums.get('VIR_STORAGE_POOL_STATE_LAST') ?? 0)
    expect(volumeTypes).to.have.length(enums.get('VIR_STORAGE_VOL_LAST') ?? 0)
    expect(addressFamilies).to.have.length(enums.get('VIR_IP_ADDR_TYPE_LAST') ?? 0)
  })
})

interface Signature {
  result: string
  parameters: string[]
}

function readDescription(file: string) {
  const symbols = child(parse(readFileSync(file, 'utf8')), 'symbols')
  const typeOf = (element: Parameters<typeof attr>[0]) => (attr(element, 'type') ?? '').trim()
  const functions = new Map(children(symbols, 'function').map((each): [string, Signature] => [
    attr(each, 'name') ?? '', { result: typeOf(child(each, 'return')), parameters: all(each, 'arg').map(typeOf) },
  ]))
  const enums = new Map(children(symbols, 'enum').map((each): [string, number] => [attr(each, 'name') ?? '', Number(attr(each, 'value'))]))
  return { functions, enums }
}
