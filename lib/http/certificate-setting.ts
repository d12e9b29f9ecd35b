import { z } from 'zod';

/** An ACM certificate, in any partition. */
const CERTIFICATE = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/;

/** ARN of the certificate of the public load balancer. */
export const certificateSetting = () =>
  z
    .string()
    .regex(
      CERTIFICATE,
      'must be the ARN of an ACM certificate such as arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d',
    );
