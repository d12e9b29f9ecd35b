#!/usr/bin/env node
// Runs the TypeScript command line directly, so that a fresh clone needs no build step.
require('tsx/cjs');
require('./spotscribe.ts');
