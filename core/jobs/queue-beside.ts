/**
 * URL of the queue with this name in the account and region of another queue.
 *
 * @param queueUrl of the other one
 */
export const queueBeside = (queueUrl: string, name: string): string => new URL(name, queueUrl).href;
