import type { MachineRow } from '../../core/contract/machine';
import { machineRowId } from '../../core/contract/keys';
import type { MachineStore, WorkerReport } from '../../core/fleet/machine-store';

/** The rows of machines in memory, with the conditions of the real store. */
export class MemoryMachines implements Pick<
  MachineStore,
  'find' | 'beat' | 'noteSilence' | 'markEnding' | 'noteInterruption' | 'noteDrain'
> {
  private readonly rows = new Map<string, MachineRow>();

  get(id: string): MachineRow | undefined {
    return this.rows.get(id);
  }

  put(id: string, row: Partial<MachineRow>): MachineRow {
    const made = { ...row, id: machineRowId(id), expires_at: 0 };
    this.rows.set(id, made);
    return made;
  }

  async find(ids: readonly string[]): Promise<Map<string, MachineRow>> {
    return new Map(
      ids.flatMap((id) => {
        const row = this.rows.get(id);
        return row === undefined ? [] : [[id, { ...row }] as const];
      }),
    );
  }

  async beat(id: string, report: WorkerReport, now: number): Promise<MachineRow> {
    const { ending_at, notice_at, ready_at = report.ready_at } = this.get(id) ?? {};
    const kept = { ending_at, notice_at, ready_at };
    const set = Object.entries(kept).filter(([, value]) => value !== undefined);
    return this.put(id, { ...report, heartbeat_at: now, ...Object.fromEntries(set) });
  }

  async noteSilence(id: string, row: MachineRow | undefined, silent_since: number, looked_at: number) {
    if (this.isUnchanged(id, row)) this.put(id, { ...this.get(id), silent_since, looked_at });
  }

  async markEnding(id: string, row: MachineRow | undefined, ending_at: number): Promise<boolean> {
    if (!this.isUnchanged(id, row) || this.get(id)?.ending_at !== row?.ending_at) return false;
    this.put(id, { ...this.get(id), ending_at });
    return true;
  }

  async noteInterruption(id: string, notice_at: number) {
    this.put(id, { ...this.get(id), notice_at });
  }

  async noteDrain(id: string, drain_at: number) {
    this.put(id, { ...this.get(id), drain_at });
  }

  private isUnchanged(id: string, row: MachineRow | undefined): boolean {
    return this.get(id)?.heartbeat_at === row?.heartbeat_at;
  }
}
