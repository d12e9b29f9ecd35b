/** No test may reach a real AWS account: without an endpoint of its own, every client ends at a closed port. */
process.env.AWS_ENDPOINT_URL ??= 'http://localhost:1';
process.env.AWS_ACCESS_KEY_ID ??= 'test';
process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
process.env.AWS_REGION ??= 'us-east-1';
process.env.AWS_EC2_METADATA_DISABLED = 'true';
// The SDK says on every start that it will want a newer Node.js one day.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// Half of the time of a synthesis: rules of the library's own, which `npm run policies` holds templates to, and the
// lines of code behind each construct.
process.env.CDK_VALIDATION = 'false';
process.env.CDK_CONTEXT_JSON = JSON.stringify({ 'aws:cdk:disable-creation-stack-traces': true });
