#!/usr/bin/env bash
# From a fresh clone to passing tests: installs dependencies, runs all checks, and then the end-to-end
# tests on a local AWS.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --python
rm -rf .spotscribe/reports
npm run --silent check
echo "== end to end"
# --forceExit: a set-up that fails can leave processes that would keep Jest waiting for ever.
npx --no-install jest --selectProjects e2e --maxWorkers 2 --forceExit --json --outputFile .spotscribe/reports/e2e.json
node scripts/count-tests.mjs
