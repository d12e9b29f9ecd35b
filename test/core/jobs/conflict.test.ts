import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { despiteConflicts } from '../../../core/jobs/conflict';

const rest = { message: '', $metadata: {} };
const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({ ...rest, CancellationReasons: codes.map((Code) => ({ Code })) });

// No pauses.
beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => jest.restoreAllMocks());

test.each([new TransactionConflictException(rest), cancelled('None', 'TransactionConflict')])(
  'a write that met another one is made again, eight times in all: %p',
  async (error) => {
    const write = jest
      .fn()
      .mockRejectedValueOnce(error)
      .mockRejectedValueOnce(error)
      .mockResolvedValue('done');
    expect(await despiteConflicts(write)).toBe('done');
    expect(write).toHaveBeenCalledTimes(3);
    const unlucky = jest.fn().mockRejectedValue(error);
    await expect(despiteConflicts(unlucky)).rejects.toBe(error);
    expect(unlucky).toHaveBeenCalledTimes(8);
  },
);

test.each([new Error('no'), cancelled('ConditionalCheckFailed', 'None')])(
  'a write that failed otherwise is not made again: %p',
  async (error) => {
    const write = jest.fn().mockRejectedValue(error);
    await expect(despiteConflicts(write)).rejects.toBe(error);
    expect(write).toHaveBeenCalledTimes(1);
  },
);
