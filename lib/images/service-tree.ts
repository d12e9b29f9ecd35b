import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { AssetStaging, Stack, Stage } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { builtImage, dockerArguments } from './built-image';
import { bundles, contextImages, withContext } from './image-context';
import { idOf } from './image-name';
import type { BuiltImageProps, ImageForm, LocalImageProps, ProcessImage } from './process-image';

/** The script that writes the file system of an image into an archive. */
const SCRIPT = join(__dirname, '../../docker/tree.sh');

/** Packages of Debian in the worker's image, which the AMI may lack. zstd unpacks the other images. */
const WORKER_PACKAGES = 'nftables zstd';

/** Construct id of the worker's image. */
const WORKER = idOf('worker');

/** The file system of an image as an archive in S3, for machines without containers. */
export class ServiceTree implements ProcessImage {
  /** The build that pushes the image also stores its file system. */
  static fromSource(scope: Construct, id: string, props: BuiltImageProps): ServiceTree {
    const trees = props.builds.trees;
    const { tag, scan } = builtImage(scope, id, props, { trees, packages: WORKER_PACKAGES });
    return new ServiceTree(scope, trees.bucketName, treeKey(props.image, tag), scan);
  }

  static fromLocalDocker(scope: Construct, id: string, props: LocalImageProps): ServiceTree {
    const context = withContext(
      { images: contextImages(props.image), bundle: bundles(scope) },
      (sourcePath) => new AssetStaging(scope, id, { sourcePath }),
    );
    const { target, buildArgs = { PACKAGES: WORKER_PACKAGES } } = dockerArguments(props);
    const options = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    return ServiceTree.exported(scope, id, 'build', context.assetHash, [
      ...(target === undefined ? [] : ['--target', target]),
      ...options,
      context.absoluteStagedPath,
    ]);
  }

  static fromFolder(scope: Construct, id: string, folder: string): ServiceTree {
    const context = new AssetStaging(scope, id, { sourcePath: resolve(folder) });
    return ServiceTree.exported(scope, id, 'build', context.assetHash, [context.absoluteStagedPath]);
  }

  /** Docker pulls the image during deployment. */
  static fromRegistry(scope: Construct, id: string, uri: string): ServiceTree {
    return ServiceTree.exported(scope, id, 'image', uri, [uri]);
  }

  /** An archive that this machine writes and uploads during deployment. */
  private static exported(
    scope: Construct,
    id: string,
    what: 'build' | 'image',
    source: string,
    words: string[],
  ): ServiceTree {
    const sourceHash = createHash('sha256')
      .update(JSON.stringify([what, source, words.slice(0, -1)]))
      .digest('hex');
    const archive = join(Stage.of(scope)?.assetOutdir ?? '', `tree-${sourceHash}.tar`);
    const { bucketName, objectKey } = Stack.of(scope).synthesizer.addFileAsset({
      executable: [...(id === WORKER ? ['env', 'PLAIN=yes'] : []), 'bash', SCRIPT, what, archive, ...words],
      sourceHash,
    });
    return new ServiceTree(scope, bucketName, objectKey);
  }

  private constructor(
    private readonly scope: Construct,
    private readonly bucket: string,
    private readonly key: string,
    readonly scan?: string,
  ) {}

  get uri(): string {
    return `s3://${this.bucket}/${this.key}`;
  }

  /** Lets machines fetch this archive. */
  grantFetch(grantee: IGrantable) {
    const { partition } = Stack.of(this.scope);
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [`arn:${partition}:s3:::${this.bucket}/${this.key}`],
      }),
    );
  }
}

ServiceTree satisfies ImageForm<ServiceTree>;

/** Key of the archive in the bucket of trees. `docker/build.sh` writes there. */
const treeKey = (image: string, tag: string): string => `${image}/${tag}.tar`;
