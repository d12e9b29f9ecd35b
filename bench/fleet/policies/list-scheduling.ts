import { idleLimit, type Schedule } from '../../../core/fleet/list-scheduling';
import { desiredMachines, FLEET_MODES } from '../../../core/fleet/sizing';
import type { PolicyMaker } from '../policy';

export interface Tuning extends Pick<Schedule, 'patience' | 'drain'> {
  /** Seconds without work after which a machine ends itself. @default - `idleLimit` */
  idleSeconds?: number;
}

/** The product's sizer and its idle rule. */
export const listScheduling =
  ({ patience, drain, idleSeconds }: Tuning = {}): PolicyMaker =>
  ({ boot, maxMachines }) => {
    const { standard } = FLEET_MODES;
    const schedule = { patience: patience ?? standard.patience, drain: drain ?? standard.drain };
    return {
      name: 'list scheduling',
      reacts: true,
      replaces: false,
      alwaysOn: false,
      idleSeconds: idleSeconds ?? idleLimit(boot),
      decide(view) {
        const { visible, inFlight, total, now } = view;
        if (visible === 0) return 0;
        const state = { messages: visible, inFlight, requestsInFlight: 0, requestsPerMachine: 1 };
        return (
          desiredMachines({
            ...{ ...state, ...view.rows(), desired: total, warm: 0, maxMachines, schedule },
            ...{ unit: 'audio_second', now: now * 1000 },
          }) - total
        );
      },
    };
  };
