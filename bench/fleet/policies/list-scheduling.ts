import { idleLimit, machinesToAdd, type Schedule } from '../../../core/fleet/list-scheduling';
import type { PolicyMaker } from '../policy';

export interface Tuning extends Pick<Schedule, 'patience' | 'drain'> {
  /** Seconds without work after which a machine ends itself. @default - `idleLimit` */
  idleSeconds?: number;
}

/** The product's plan of waiting work. */
export const listScheduling =
  ({ patience, drain, idleSeconds }: Tuning = {}): PolicyMaker =>
  ({ boot }) => ({
    name: 'list scheduling',
    reacts: true,
    replaces: false,
    alwaysOn: false,
    idleSeconds: idleSeconds ?? idleLimit(boot),
    decide: (view) =>
      view.visible === 0 ? 0 : machinesToAdd(view.machines(), view.waiting(), { boot, patience, drain }),
  });
