#!/usr/bin/env bash
# From a fresh clone to passing tests: sets up, runs every check, then the end-to-end tests on an AWS on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --python
rm -rf .spotscribe/reports
npm run --silent check
echo "== end to end"
npx --no-install jest --selectProjects e2e --maxWorkers 2 --json --outputFile .spotscribe/reports/e2e.json
node scripts/count-tests.mjs
