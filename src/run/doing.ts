import { ISignal, Signal } from '@lumino/signaling';

import { Deletion, Rerun, Run, RunUpdate } from '../api';
import { IRunDoer } from '../runs/actions';
import { IWorkspaceConnection } from '../tokens';

/**
 * Does what is to be done about a run where no list is. It outlives the place that was asked: what was deleted there
 * can be taken back when another run is shown.
 */
export class RunDoer implements IRunDoer {
  /** @param workspace id of the workspace whose connection this is */
  constructor(
    private readonly _connection: IWorkspaceConnection,
    readonly workspace: string
  ) {}

  /** A run was made, or taken back out of the trash: its id. */
  get made(): ISignal<this, string> {
    return this._made;
  }

  async cancel(id: string): Promise<void> {
    await this._connection.request('runs.cancel', { run: id });
  }

  delete(id: string): Promise<Deletion> {
    return this._connection.request('runs.delete', { run: id });
  }

  async rerun(id: string, wish: Rerun): Promise<Run> {
    return this._tell(
      await this._connection.request('runs.rerun', { run: id }, wish)
    );
  }

  async restore(id: string): Promise<Run> {
    return this._tell(
      await this._connection.request('runs.restore', { run: id })
    );
  }

  async update(id: string, change: RunUpdate): Promise<void> {
    await this._connection.request('runs.update', { run: id }, change);
  }

  private _tell(run: Run): Run {
    this._made.emit(run.id);
    return run;
  }

  private _made = new Signal<this, string>(this);
}
