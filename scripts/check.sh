#!/usr/bin/env bash
# Runs all checks that need no deployment: format, lint, types, unit tests of both languages, and
# synthesis with the policy checks.
set -euo pipefail
cd "$(dirname "$0")/.."
export CDK_DISABLE_CLI_TELEMETRY=true PATH="$PWD/node_modules/.bin:$PWD/docker/.venv/bin:$PATH"
reports=.spotscribe/reports
mkdir -p $reports

[ -x docker/.venv/bin/pytest ] || {
  echo 'check: the Python environment is missing. Run "bash scripts/setup.sh --python" once.' >&2
  exit 1
}

step() { echo "== $*"; }

step format
prettier --check --log-level warn .
ruff format --quiet --check --config docker/pyproject.toml docker local bench examples test
step lint
eslint .
depcruise --config .dependency-cruiser.cjs bench bin cli core docker/worker/src lambda lib local scripts
for file in docker/Dockerfile docker/worker/Dockerfile test/images/base/Dockerfile; do dockerfile-utils lint "$file"; done
shellcheck docker/{build,ffmpeg,layers,lock,tree}.sh lib/machine/boot/*.sh scripts/*.sh .ci/run test/boot/docker test/boot/ami/usr/local/bin/*
ruff check --quiet --config docker/pyproject.toml docker local bench examples test
step types
tsc
mypy --config-file docker/pyproject.toml
step unit tests
# In parallel, because each of them leaves one processor idle. Python tests also wait for processes and connections.
jest --selectProjects unit --json --outputFile $reports/unit.json >$reports/unit.txt 2>&1 &
jest=$!
passed=true
pytest -q -n 2 --dist loadfile -c docker/pyproject.toml --rootdir docker -m "not production" --junitxml $reports/python.xml docker || passed=false
wait $jest || passed=false
cat $reports/unit.txt
$passed
step policies
npm run --silent policies
