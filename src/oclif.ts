// oclif's own way, for help. A bundle knows the names of a module like this one, not those of a CommonJS module.
export { run } from '@oclif/core/run'
