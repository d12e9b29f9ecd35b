/** The same for tests that deploy: they wait for machines to start, and for jobs to end. */
jest.setTimeout(30 * 60_000);
