#!/usr/bin/env node
// Runs the TypeScript command line directly, so that a fresh clone needs no build step.
// Hides the SDK's warning about future Node.js requirements.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
require('tsx/cjs');
require('./spotscribe.ts');
