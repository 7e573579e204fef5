// What bay starts beside itself before it changes bridges: src/bridge/guard.ts.
import { guard } from '../dist/bridge/guard.js'

guard()
