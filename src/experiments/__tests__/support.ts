import { serveRuns } from '../../__tests__/lines';
import {
  connected,
  FakeServer,
  IEvents,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Experiment } from '../../api';
import { RunListModel } from '../../runs/model';
import { ExperimentsModel } from '../model';

export const LIST = `${WORKSPACE}/experiments`;

export function makeExperiment(
  name: string,
  facts: Partial<Experiment> = {}
): Experiment {
  return {
    id: 1,
    name,
    created_at: '2026-01-31T12:00:00Z',
    run_count: 3,
    description: '',
    tags: {},
    archived_at: null,
    ...facts
  };
}

/** The experiments of a workspace and its list of runs, beside a notebook. */
export class Place {
  static async make(): Promise<Place> {
    const server = new FakeServer();
    serveRuns(server, () => [makeRun(1)]);
    const events = await connected(server, 'a.ipynb');
    return new Place(server, events);
  }

  private constructor(
    readonly server: FakeServer,
    readonly events: IEvents
  ) {
    server.on(`GET ${LIST}`, () => ({
      json: { items: this.experiments, next_cursor: null }
    }));
    this.runs = new RunListModel(events.connection);
    this.model = new ExperimentsModel(events.connection, this.runs);
  }

  readonly runs: RunListModel;
  readonly model: ExperimentsModel;
  /** What the server has. */
  experiments = [
    makeExperiment('vision', { tags: { team: 'Ada' } }),
    makeExperiment('digits', { run_count: 1, description: 'Baselines.\nAll.' }),
    makeExperiment('old', { archived_at: '2026-02-01T12:00:00Z' })
  ];

  async wake(): Promise<void> {
    this.model.active = true;
    await until(() => this.model.isLoaded);
  }

  dispose(): void {
    this.model.dispose();
    this.runs.dispose();
    this.events.connection.dispose();
    jest.restoreAllMocks();
  }
}
