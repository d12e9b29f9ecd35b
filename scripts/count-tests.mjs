/** Adds up the reports of jest and pytest in `.spotscribe/reports`, and prints one line. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = '.spotscribe/reports';
const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of readdirSync(folder)) {
  const text = readFileSync(join(folder, file), 'utf8');
  if (file.endsWith('.json')) {
    const report = JSON.parse(text);
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
    total.skipped += report.numPendingTests + report.numTodoTests;
  } else {
    const count = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
    const failed = count('failures') + count('errors');
    total.failed += failed;
    total.skipped += count('skipped');
    total.passed += count('tests') - failed - count('skipped');
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
