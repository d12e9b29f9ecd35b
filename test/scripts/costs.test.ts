import { readFileSync } from 'node:fs';
import { COSTS_FILE, costsDocument } from '../../scripts/costs';

const document = costsDocument();

test('the document matches the figures', () => {
  expect(readFileSync(COSTS_FILE, 'utf8')).toBe(document);
});

test('the document shows the figures of the original, and the cold start at its rate', () => {
  expect(document).toMatch(/one whole second.* \| \$0\.09 \| \$0\.92 \| \$9\.17 \|/);
  expect(document).toContain('13.6 s cost $0.0042, 2.8 times as much. $0.0015 buys 4.9 s.');
});
