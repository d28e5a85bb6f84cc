import { ApiError, request } from '..';
import { FakeServer, SETTINGS } from '../../__tests__/server';

const address = { settings: SETTINGS, workspace: 'w 1' };

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise;
  } catch (error) {
    return error as ApiError;
  }
  throw new Error('It succeeded.');
}

describe('request', () => {
  let server: FakeServer;

  beforeEach(() => {
    server = new FakeServer();
  });

  it('puts arguments into path and query, each encoded', async () => {
    server.on('GET /workspaces/w%201/runs/a%2Fb/metric', {
      bytes: new ArrayBuffer(8)
    });
    await request(address, 'metrics.read', {
      run: 'a/b',
      name: 'x&y',
      after: 0
    });
    expect(server.requests[0].query).toEqual({ name: 'x&y', after: '0' });
  });

  it('leaves out arguments that are not given', async () => {
    server.on('GET /workspaces/w%201/runs', { json: { items: [] } });
    await request(address, 'runs.list', { search: null, limit: 5 });
    expect(server.requests[0].query).toEqual({ limit: '5' });
  });

  it('sends a body as JSON and keeps the base URL', async () => {
    server.on('PUT /documents/r1', { json: {} });
    const document = {
      path: 'a.ipynb',
      text: '{}',
      document_id: '',
      cell_id: '',
      answered: true
    };
    await request(address, 'documents.answer', { request: 'r1' }, document);
    expect(server.requests[0].body).toEqual(document);
    expect(server.requests[0].contentType).toBe('application/json');
  });

  it('keeps code, message and hint of a failure', async () => {
    server.on('GET /resolve', {
      json: { code: 'not_trusted', message: 'No.', hint: 'Trust it.' },
      status: 403
    });
    const error = await failure(request(address, 'registry.resolve', {}));
    expect(error).toBeInstanceOf(ApiError);
    expect([error.code, error.message, error.hint, error.status]).toEqual([
      'not_trusted',
      'No.',
      'Trust it.',
      403
    ]);
  });

  it('tells of a proxy that answers in HTML by the status', async () => {
    server.on('GET /resolve', { json: undefined, status: 502 });
    const error = await failure(request(address, 'registry.resolve', {}));
    expect([error.code, error.status]).toEqual(['http_error', 502]);
  });

  it('calls a server that does not answer a network failure', async () => {
    server.on('GET /resolve', 'down');
    const error = await failure(request(address, 'registry.resolve', {}));
    expect(error.code).toBe('network');
  });

  it('refuses an answer that is no JSON', async () => {
    server.on('GET /resolve', { json: undefined });
    const error = await failure(request(address, 'registry.resolve', {}));
    expect(error.code).toBe('bad_answer');
  });
});
