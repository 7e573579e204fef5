// Mocha's spec reporter, which also leaves `passed failed skipped` in the file $BAY_TEST_COUNTS for scripts/test.
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

module.exports = class extends reporters.Spec {
  epilogue() {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    if (process.env.BAY_TEST_COUNTS) writeFileSync(process.env.BAY_TEST_COUNTS, `${passes} ${failures} ${pending}\n`)
  }
}
