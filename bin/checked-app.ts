/** The same app under the policy checks: `npm run policies`. */
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { spotscribeApp } from '../lib/app';
import { acknowledgeGuardRules } from '../lib/guard-acknowledgements';

const app = spotscribeApp();
acknowledgeGuardRules(app);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
app.synth();
