import { ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { encodeSeries } from './series';
import { MetricSummary, Run, WorkspaceInfo } from '../api';
import { WorkspaceConnection } from '../model/connection';

/** What a fake server answers to a request: a body, or a failure by its status. */
export type Answer =
  { json: unknown; status?: number } | { bytes: ArrayBuffer } | 'down';

/** A request as it left the page. */
export interface IRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  contentType: string | null;
}

/**
 * The one place where the network is replaced: `ServerConnection.makeRequest` answers from a function.
 */
export class FakeServer {
  constructor() {
    jest
      .spyOn(ServerConnection, 'makeRequest')
      .mockImplementation((url, init) => this._answer(url, init));
  }

  readonly requests: IRequest[] = [];

  /** Answers by 'METHOD path' below the root of the API. */
  readonly answers = new Map<string, (request: IRequest) => Answer>();

  on(route: string, answer: Answer | ((request: IRequest) => Answer)): this {
    this.answers.set(
      route,
      typeof answer === 'function' ? answer : () => answer
    );
    return this;
  }

  /** Requests of a route so far. */
  asked(route: string): IRequest[] {
    return this.requests.filter(it => `${it.method} ${it.path}` === route);
  }

  private async _answer(url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url);
    const request: IRequest = {
      method: init.method ?? 'GET',
      path: pathname.replace(/^.*?\/mlws\/api\/v1/, ''),
      query: Object.fromEntries(searchParams),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : init.body,
      contentType: new Headers(init.headers).get('Content-Type')
    };
    this.requests.push(request);
    const answer = this.answers.get(`${request.method} ${request.path}`)?.(
      request
    ) ?? {
      json: { code: 'not_found', message: 'No such thing.' },
      status: 404
    };
    if (answer === 'down') {
      throw new ServerConnection.NetworkError(new TypeError('Failed to fetch'));
    }
    return responseOf(answer);
  }
}

/** jsdom has no Response: so much of one as is used. */
function responseOf(answer: Exclude<Answer, 'down'>): Response {
  const status = 'status' in answer ? (answer.status ?? 200) : 200;
  return {
    ok: status < 400,
    status,
    json: async () => {
      if (!('json' in answer) || answer.json === undefined) {
        throw new SyntaxError('no JSON');
      }
      return answer.json;
    },
    arrayBuffer: async () => ('bytes' in answer ? answer.bytes : null)
  } as unknown as Response;
}

export const SETTINGS = ServerConnection.makeSettings({
  baseUrl: 'http://localhost/base/'
});

export const WORKSPACE = '/workspaces/w1';

export function makeInfo(facts: Partial<WorkspaceInfo> = {}): WorkspaceInfo {
  return {
    id: 'w1',
    name: 'mywork',
    location: '~/mywork',
    schema_version: '1',
    run_count: 1,
    active_count: 0,
    model_count: 0,
    size_bytes: 1000,
    disk_used_percent: 40,
    last_change: 10,
    dispatcher: {
      alive: true,
      pid: 1,
      version: '0.1.0',
      message: '',
      troubles: {}
    },
    database: '',
    machine: '',
    interpreter: '',
    user: 'ada',
    warnings: [],
    ...facts
  };
}

export function makeMetric(
  name: string,
  facts: Partial<MetricSummary> = {}
): MetricSummary {
  return {
    name,
    count: 3,
    last: 0.5,
    last_step: 2,
    minimum: 0.1,
    maximum: 0.5,
    updated_at: '2026-01-31T12:00:00Z',
    ...facts
  };
}

export function makeRun(number: number, facts: Partial<Run> = {}): Run {
  return {
    id: `digits_1_${number}`,
    number,
    experiment: 'digits',
    kind: 'cell',
    status: 'Running',
    status_sequence: 3,
    created_at: '2026-01-31T12:00:00Z',
    started_at: '2026-01-31T12:00:01Z',
    ended_at: null,
    display_name: '',
    description: '',
    user: 'ada',
    host: 'here',
    compute_target: 'local',
    environment: 'kernel',
    command: [],
    arguments: [],
    working_directory: '',
    tags: {},
    params: {},
    properties: {},
    parent_id: null,
    child_count: 0,
    children_ended: 0,
    snapshot_id: null,
    snapshot_scope: '',
    git: null,
    source: {
      document: 'a.ipynb',
      document_id: '',
      cell_id: '',
      cell_source: '',
      execution_count: null,
      origin: ''
    },
    captured: [],
    links: [],
    notes: [],
    environment_variables: [],
    error: null,
    warnings: [],
    waiting_for: '',
    progress: null,
    metrics: [],
    ...facts
  };
}

export interface IEvents {
  connection: WorkspaceConnection;
  /** Tell of changes as Jupyter's event stream does. */
  tell: (
    cursor: number,
    ...changes: { kind: string; subject: string }[]
  ) => void;
}

/** A connection to the fake server's workspace, with the event stream in the test's hand. */
export function connect(server: FakeServer, workspace?: string): IEvents {
  if (!server.answers.has('GET /resolve')) {
    server.on('GET /resolve', { json: makeInfo() });
  }
  if (!server.answers.has(`GET ${WORKSPACE}/changes`)) {
    server.on(`GET ${WORKSPACE}/changes`, {
      json: { changes: [], cursor: 10 }
    });
  }
  server.on(`GET ${WORKSPACE}/info`, { json: makeInfo() });
  const source = {};
  const stream = new Signal<object, never>(source);
  const connection = new WorkspaceConnection({
    // Of its own: what is asked over the same settings is shared.
    serverSettings: { ...SETTINGS },
    stream: stream as never,
    workspace
  });
  const tell: IEvents['tell'] = (cursor, ...changes) =>
    stream.emit({
      schema_id: 'https://events.jupyter-mlws.org/changes/v1',
      workspace: 'w1',
      cursor,
      changes
    } as never);
  return { connection, tell };
}

/** The same, once it is connected, and kept awake. */
export async function connected(
  server: FakeServer,
  document = ''
): Promise<IEvents> {
  const events = connect(server);
  events.connection.setDocument(document);
  events.connection.watch();
  await until(() => events.connection.state === 'connected');
  return events;
}

/** Wait until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 4000;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error(`Never: ${condition.toString()}`);
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

export { encodeSeries };
