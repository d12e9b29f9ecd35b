import type { FleetStore } from '../../../../core/fleet/fleet-store';
import { fleetIdleSeconds, type IdleBasis, type IdleRule } from '../../../../core/fleet/idle-rule';
import { NEW_FLEET } from '../../../../core/fleet/learning';
import type { Log } from '../log';

export interface IdleLimitOptions {
  rule: IdleRule;
  machineType: string;
  fleet: Pick<FleetStore, 'idleBasis'>;
  log: Log;
}

/** Idle time after which this machine ends itself. It follows what the sizer learns of the fleet. */
export class IdleLimit {
  private known: IdleBasis = NEW_FLEET;

  constructor(private readonly options: IdleLimitOptions) {}

  get seconds(): number {
    const { rule, machineType } = this.options;
    return fleetIdleSeconds(rule, this.known, machineType);
  }

  /** Reads what the sizer has learnt. After a failure the last known values apply. Never throws. */
  async refresh(): Promise<void> {
    const { rule, fleet, log } = this.options;
    if (rule.seconds !== undefined) return;
    try {
      this.known = await fleet.idleBasis();
    } catch (error) {
      log.warn({ err: error }, 'what the sizer has learnt could not be read');
    }
  }
}
