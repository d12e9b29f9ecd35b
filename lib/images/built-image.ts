import type { Construct } from 'constructs';
import { SERVICES } from '../services';
import { type Family, familyOf } from './families';
import type { BuiltImageProps, LocalImageProps } from './process-image';
import { SourceImage, type SourceImageProps } from './source-image';

/**
 * Official images from a registry without rate limits per IP address, which CodeBuild machines
 * share.
 */
const BASE_IMAGE = {
  node: 'public.ecr.aws/docker/library/node:24-slim',
  python: 'public.ecr.aws/docker/library/python:3.12-slim',
};

/**
 * An image that CodeBuild builds, on the image of its family.
 *
 * @param variables of the build, besides those that every image has
 */
export function builtImage(
  scope: Construct,
  id: string,
  props: BuiltImageProps,
  variables: Pick<SourceImageProps, 'trees'> & { readonly packages?: string } = {},
): SourceImage {
  const { image, builds, scanGate, acceptedFindings } = props;
  const { trees, packages } = variables;
  const made: Pick<SourceImageProps, 'variables' | 'environment'> =
    image === 'worker'
      ? {
          variables: {
            BASE_IMAGE: BASE_IMAGE.node,
            ...(packages !== undefined && { PACKAGES: packages }),
            ...edition(props),
          },
        }
      : {
          // Docker also resolves the base image of a stage that it does not build.
          variables: { BASE_IMAGE: BASE_IMAGE.python, REQUIREMENTS: props.requirements },
          environment: environmentOf(
            scope,
            familyOf(SERVICES[image].image.families, props.requirements),
            props,
          ),
        };
  return new SourceImage(scope, id, { image, builds, ...made, trees, scanGate, acceptedFindings });
}

/** Construct ids of the families. Two are older than the families, and ids must not change. */
const FAMILY_ID: Record<Family, string> = {
  plain: 'Environment-plain',
  audio: 'Environment-laptop',
  torch: 'Environment-torch',
  'torch-audio': 'Environment-production',
};

/** The image of a family: one for all services of a stack that are built on it. */
function environmentOf(scope: Construct, family: Family, props: BuiltImageProps): SourceImage {
  const id = FAMILY_ID[family];
  const known = scope.node.tryFindChild(id);
  if (known instanceof SourceImage) return known;
  return new SourceImage(scope, id, {
    image: 'environment',
    builds: props.builds,
    variables: { BASE_IMAGE: BASE_IMAGE.python, FAMILY: family, ...edition(props) },
  });
}

/** A variable that no build reads. It only changes the tag. */
const edition = (props: BuiltImageProps): Record<string, string> =>
  props.edition === '' ? {} : { EDITION: props.edition };

/** Arguments of `docker build` for an image, in the folder of its context. */
export const dockerArguments = ({ image, requirements }: LocalImageProps) =>
  image === 'worker'
    ? {}
    : {
        target: image,
        buildArgs: {
          FAMILY: familyOf(SERVICES[image].image.families, requirements),
          REQUIREMENTS: requirements,
        },
      };
