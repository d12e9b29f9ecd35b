/**
 * Jobs in tests that import this first fetch no input, of 6000 bytes: a mock must be there before the modules that import
 * it.
 */
jest.mock('../../../docker/worker/src/jobs/job-input', () => ({ fetchInput: async () => 6_000 }));
