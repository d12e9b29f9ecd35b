/** Fetches a file system as a machine without containers does: `tsx tree.ts <uri> <folder>`. */
import { S3Client } from '@aws-sdk/client-s3';
import { fetchTree } from '../../docker/worker/src/machine/fetch-tree';

const [uri = '', folder = ''] = process.argv.slice(2);
void fetchTree(new S3Client({ forcePathStyle: true }), uri, folder);
