import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { makeRun } from '../../__tests__/server';
import { Run } from '../../api';
import { RunActions } from '../RunActions';

const ENDED = { status: 'Completed' } as const;

describe('the buttons of a run', () => {
  const onAction = jest.fn();
  const names = (run: Run) => {
    const { container } = render(
      <RunActions run={run} user="ada" onAction={onAction} />
    );
    return [...container.querySelectorAll('button')].map(it => it.title);
  };

  it('are those that its state allows', () => {
    expect(names(makeRun(1))).toEqual(['Cancel run 1']);
    expect(names(makeRun(2, ENDED))).toEqual(['Re-run #2', 'Delete #2']);
    expect(names(makeRun(3, { ...ENDED, kind: 'child' }))).toEqual([
      'Delete #3'
    ]);
    expect(names(makeRun(4, { status: 'CancelRequested' }))).toEqual([]);
  });

  it('tell what is wanted', () => {
    const run = makeRun(5, ENDED);
    render(<RunActions run={run} user="ada" onAction={onAction} />);
    fireEvent.click(screen.getByRole('button', { name: 'Delete #5' }));
    expect(onAction).toHaveBeenCalledWith('delete', run.id);
  });

  it('say whose run it is that only somebody else can cancel', () => {
    const run = makeRun(6, { user: 'bob' });
    render(<RunActions run={run} user="ada" onAction={onAction} />);
    const cancel = screen.getByRole('button', { name: 'Cancel' });
    expect(cancel.title).toBe('Run 6 is of bob, who can cancel it.');
    expect(cancel.getAttribute('aria-disabled')).toBe('true');
    onAction.mockClear();
    fireEvent.click(cancel);
    expect(onAction).not.toHaveBeenCalled();
  });
});
