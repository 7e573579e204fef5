#!/usr/bin/env -S node --import tsx
// The same program straight from src/, for work on it: no build step, slower start.
import { main } from '../src/main.js'

await main()
