#!/usr/bin/env bash
# Synthesizes every path with cdk-nag and cfn-guard, with default settings and with every option, and
# checks the templates with cfn-lint.
set -euo pipefail
cd "$(dirname "$0")/.."
export CDK_DISABLE_CLI_TELEMETRY=true PATH="$PWD/node_modules/.bin:$PATH"
app='node --import tsx bin/checked-app.ts'
cdk synth --quiet --no-notices --app "$app" --output cdk.out/checked/default
cdk synth --quiet --no-notices --app "$app --options" --output cdk.out/checked/options
docker/.venv/bin/cfn-lint
