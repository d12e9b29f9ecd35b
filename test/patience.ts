/** Tests wait for conditions, on machines that may run ten of them at once: time alone fails a test late. */
jest.setTimeout(5 * 60_000);
