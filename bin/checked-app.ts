/** The same app under the policy checks, with every path of the registry: `npm run policies`. */
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { spotscribeApp } from '../lib/app';
import { acknowledgeGuardRules } from '../lib/guard-acknowledgements';
import { PATHS } from '../lib/paths';

const paths = PATHS.map(({ info }) => info.id).join(',');
const app = spotscribeApp({
  postCliContext: {
    'spotscribe:paths': paths,
    // So that the public load balancer is checked, too.
    'spotscribe:certificateArn': 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d',
    // So that the baked machine image is.
    'spotscribe:bakedMachineImage': 'true',
  },
});
acknowledgeGuardRules(app);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
app.synth();
