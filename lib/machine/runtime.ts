import type { Duration } from 'aws-cdk-lib';
import type { IMachineImage, IVpc, UserData } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IGrantable, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { GpuAccess, MachineSpec } from '../../core/contract/machine-spec';
import type { ImageForm, ProcessImage } from '../images/process-image';

/**
 * Runs the processes of a specification on the machines of a fleet. A new runtime is one function.
 *
 * @param fleet the fleet's construct, for resources that machines join at boot
 */
export type MachineRuntime = (fleet: Construct, options: PlatformOptions) => MachinePlatform;

export interface PlatformOptions {
  readonly vpc: IVpc;
  /** How processes use the GPU. */
  readonly gpu: GpuAccess;
}

/** What a fleet's machines boot, and how processes get onto them. */
export interface MachinePlatform<Image extends ProcessImage = ProcessImage> {
  /** What processes start from. */
  readonly images: ImageForm<Image>;
  /** The AMI. */
  readonly machineImage: IMachineImage;
  /** Size of the root volume in GiB. @default - that of the AMI, which is the least that EC2 accepts */
  readonly rootGib?: number;
  /** Script that a machine runs at boot. */
  readonly userData: UserData;
  /** Lets the machines' role do what the platform needs. */
  configureRole(role: Role): void;
  /** Runs the processes on every machine, now and after each update. */
  run(scope: Construct, id: string, props: ProcessesProps<Image>): MachineProcesses;
}

export interface ProcessesProps<Image extends ProcessImage> {
  readonly spec: MachineSpec;
  /** The images, by the names in the specification. */
  readonly images: Readonly<Record<string, Image>>;
  /**
   * Time after start in which failed load balancer checks are ignored.
   *
   * @default - no load balancer
   */
  readonly healthCheckGracePeriod?: Duration;
}

/** The deployed processes of a path's machines. */
export interface MachineProcesses extends Construct {
  /** The role of the processes that call AWS. */
  readonly role: IGrantable;
  /** Outputs of the path's stack, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Registers the server of a process with a load balancer until the process is about to stop. */
  register(
    server: { readonly process: string; readonly port: number },
    targets: ApplicationTargetGroup,
  ): void;
}
