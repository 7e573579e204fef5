// The layers of ARCHITECTURE.md, kept by machine. Each rule names a folder and what it must not import.
const only = (name, from, allowed) => ({
  name, severity: 'error', from: { path: from }, to: { path: '^src/', pathNot: [from, ...allowed] },
})
const soleImporter = (pkg, from) => ({
  name: `only-${from.replaceAll(/\W+/g, '-')}-imports-${pkg.replaceAll(/\W+/g, '-')}`, severity: 'error',
  from: { path: '^src/', pathNot: from }, to: { path: `node_modules/${pkg}/` },
})
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '^src/commands/' }, to: {} },
    only('xml-stands-alone', '^src/xml/', ['^src/errors\\.ts$']),
    only('firewall-over-xml', '^src/firewall/', ['^src/xml/', '^src/errors\\.ts$']),
    only('output-stands-alone', '^src/output/', ['^src/(errors|findings|map-model)\\.ts$', '^src/units\\.ts$']),
    only('units-stand-alone', '^src/units\\.ts$', ['^src/errors\\.ts$']),
    only('retention-stands-alone', '^src/retention\\.ts$', ['^src/errors\\.ts$']),
    only('raw-is-the-floor', '^src/virt/raw/', ['^src/virt/errors\\.ts$', '^src/errors\\.ts$']),
    only('handles-over-raw', '^src/virt/[^/]+\\.ts$', ['^src/virt/raw/', '^src/errors\\.ts$']),
    only('ops-in-the-middle', '^src/virt/ops/', ['^src/virt/[^/]+\\.ts$', '^src/xml/', '^src/provision/', '^src/firewall/', '^src/(units|shell|errors|findings|retention|map-model)\\.ts$']),
    only('provision-over-xml', '^src/provision/', ['^src/xml/', '^src/(units|shell|names|errors|findings|program-file|stdin)\\.ts$']),
    only('bridge-without-libvirt', '^src/bridge/', ['^src/(errors|names|units|shell|program-file)\\.ts$']),
    only('start-stands-alone', '^src/start/', ['^src/virt/raw/ahead\\.ts$']),
    only('wizard-beside-commands', '^src/wizard/', ['^src/virt/(?!raw/)', '^src/xml/', '^src/provision/', '^src/output/', '^src/(errors|units|names|shell|machine-flags|machines-wanted|vm-flags)\\.ts$']),
    only('base-over-virt-and-output', '^src/base\\.ts$', ['^src/virt/(?!raw/)', '^src/output/', '^src/(errors|flags|exit|units|names|within|shared-hosts|untyped-flags)\\.ts$']),
    { name: 'commands-not-raw', severity: 'error', from: { path: '^src/commands/' }, to: { path: '^src/virt/raw/' } },
    { name: 'nobody-imports-a-command', severity: 'error', from: { path: '^src/' }, to: { path: '^src/commands/' } },
    soleImporter('ffi-rs', '^src/virt/raw/'),
    soleImporter('xml-js', '^src/xml/node\\.ts$'),
    soleImporter('cli-table3', '^src/output/'),
    soleImporter('diff', '^src/output/'),
    soleImporter('inquirer', '^src/output/'),
    soleImporter('pngjs', '^src/output/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
}
