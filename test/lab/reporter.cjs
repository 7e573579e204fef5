// Mocha's spec reporter, which also leaves `passed failed skipped` in the file $BAY_TEST_COUNTS for scripts/test, and what failed
// in $BAY_TEST_COUNTS.failed: of a long log only the end may be left to read.
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

const told = (test) => `${test.file ?? ''}: ${test.fullTitle()}\n${test.err?.stack ?? test.err?.message ?? ''}\n`

module.exports = class extends reporters.Spec {
  epilogue() {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    const file = process.env.BAY_TEST_COUNTS
    if (!file) return
    writeFileSync(`${file}.failed`, this.failures.map(told).join('\n'))
    writeFileSync(file, `${passes} ${failures} ${pending}\n`)
  }
}
