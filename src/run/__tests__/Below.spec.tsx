import { act, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import {
  connect,
  FakeServer,
  IEvents,
  makeMetric,
  makeRun,
  WORKSPACE
} from '../../__tests__/server';
import { ChildrenPart } from '../Below';

const LIST = `GET ${WORKSPACE}/runs`;
const PARENT = makeRun(1, { child_count: 2 });
/** For a busy machine. */
const PATIENT = { timeout: 10_000 };

describe('ChildrenPart', () => {
  let server: FakeServer;
  let events: IEvents;

  const part = (run = PARENT, isActive = true) => (
    <ChildrenPart
      connection={events.connection}
      run={run}
      isActive={isActive}
      onOpen={() => undefined}
    />
  );
  const child = (number: number, last: number) =>
    makeRun(number, {
      parent_id: PARENT.id,
      params: { rate: `0.${number}` },
      metrics: [makeMetric('acc', { last })]
    });
  const answer = (...last: number[]) =>
    server.on(LIST, {
      json: {
        items: last.map((value, i) => child(i + 2, value)),
        next_cursor: null
      }
    });

  beforeEach(() => {
    server = new FakeServer();
    answer(0.5, 0.75);
    events = connect(server, 'w1');
  });

  afterEach(() => events.connection.dispose());

  it('shows what differs between the runs of a sweep, and what came of each', async () => {
    render(part());
    expect(screen.getByText('Children')).toBeTruthy();
    await screen.findByText(/^0\.75/, {}, PATIENT);
    const rows = screen.getAllByRole('row').map(row => row.textContent);
    expect(rows[0]).toContain('rateacc');
    expect(rows[1]).toContain('#2');
    expect(rows[1]).toContain('0.20.5');
    expect(server.asked(LIST)[0].query.parent).toBe(PARENT.id);
  });

  it('is not there for a run without children', () => {
    const { container } = render(part(makeRun(1)));
    expect(container.firstChild).toBeNull();
    expect(server.asked(LIST)).toEqual([]);
  });

  it('reads nothing while nobody looks, and what changed as soon as somebody does', async () => {
    const { rerender } = render(part(PARENT, false));
    await screen.findByText(/^0\.75/, {}, PATIENT);
    const asked = server.asked(LIST).length;
    answer(0.5, 0.8);
    const ended = { ...PARENT, children_ended: 1 };
    rerender(part(ended, false));
    await act(async () => undefined);
    expect(server.asked(LIST)).toHaveLength(asked);
    rerender(part(ended, true));
    await waitFor(
      () => expect(screen.getByText(/^0\.8/)).toBeTruthy(),
      PATIENT
    );
  });
});
