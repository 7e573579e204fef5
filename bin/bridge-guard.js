'use strict'
// What bay starts beside itself before it changes bridges: src/bridge/guard.ts.
require('../dist/bridge/guard.js').guard()
