import { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';

import {
  connect,
  FakeServer,
  IEvents,
  makeRun,
  until,
  WORKSPACE
} from '../../__tests__/server';
import { Run } from '../../api';
import { CommandIDs } from '../../runs/commands';
import { IAwaitedRuns, IWorkspaceConnections } from '../../tokens';
import { notifyPlugin } from '../plugin';

describe('the message at the end of a run', () => {
  let server: FakeServer;
  let events: IEvents;
  let awaited: IAwaitedRuns;
  const execute = jest.fn().mockResolvedValue(undefined);

  beforeEach(async () => {
    server = new FakeServer();
    events = connect(server, 'w1');
    Notification.manager.dismiss();
    awaited = (await notifyPlugin.activate(
      { commands: { execute } } as unknown as JupyterFrontEnd,
      { get: () => events.connection } as unknown as IWorkspaceConnections,
      null,
      null,
      null
    )) as IAwaitedRuns;
  });

  afterEach(() => {
    events.connection.dispose();
    jest.restoreAllMocks();
  });

  /** A run that went for a minute ends; gives what is told of it. */
  async function end(facts: Partial<Run>): Promise<Notification.INotification> {
    const run = makeRun(1, { ended_at: '2026-01-31T12:01:05Z', ...facts });
    server.on(`GET ${WORKSPACE}/runs/${run.id}`, { json: run });
    awaited.follow({ workspace: 'w1', run: run.id });
    await until(() => Notification.manager.count === 1);
    return Notification.manager.notifications[0];
  }

  it('stays until it is closed where the run failed', async () => {
    const { message, type, options } = await end({
      status: 'Failed',
      error: {
        code: 'script_failed',
        message: 'ValueError: no digits',
        exit_code: 1,
        signal: null,
        traceback: ''
      }
    });
    expect(message).toContain('ValueError: no digits');
    expect(type).toBe('error');
    expect(options.autoClose).toBe(false);
  });

  it('goes by itself where all went well, and leads to the run', async () => {
    const { message, type, options } = await end({ status: 'Completed' });
    expect(message).toContain('#1 digits completed');
    expect(type).toBe('success');
    expect(options.autoClose).toBeGreaterThan(0);
    options.actions![0].callback({} as never);
    expect(execute).toHaveBeenCalledWith(CommandIDs.openRun, {
      workspace: 'w1',
      run: 'digits_1_1'
    });
  });
});
