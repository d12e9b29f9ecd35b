/**
 * The app with policy checks (`npm run policies`): every path and, with `--options`, every option.
 */
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { spotscribeApp } from '../lib/app';
import { acknowledgeGuardRules } from '../lib/policies/guard-acknowledgements';
import { PATHS } from '../lib/paths';

const paths = PATHS.map(({ info }) => info.id).join(',');
/** Settings that are off by default and add resources. */
const options = {
  'spotscribe:certificateArn': 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d',
  'spotscribe:allowedOrigins': 'https://example.com',
  'spotscribe:onDemandAfter': '10',
};
const app = spotscribeApp({
  postCliContext: { 'spotscribe:paths': paths, ...(process.argv.includes('--options') && options) },
});
acknowledgeGuardRules(app);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
app.synth();
