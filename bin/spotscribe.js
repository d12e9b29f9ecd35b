#!/usr/bin/env node
// Runs the TypeScript command line directly, so that a fresh clone needs no build step.
// The SDK would say on every start that it will want a newer Node.js one day.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
require('tsx/cjs');
require('./spotscribe.ts');
