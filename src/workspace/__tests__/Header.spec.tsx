import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { makeInfo } from '../../__tests__/server';
import { ApiError } from '../../api';
import { Dispatcher } from '../Dispatcher';
import { Warnings } from '../Warnings';

const FAILED = {
  alive: false,
  pid: null,
  version: null,
  message: 'Traceback\nImportError: <b>broken</b>\u202e',
  troubles: {}
};

type Facts = Parameters<typeof makeInfo>[0];

const dispatcher = (facts: Facts, onWake = async () => {}) => (
  <Dispatcher info={makeInfo(facts)} onWake={onWake} />
);

function shown(facts: Facts): string {
  return render(dispatcher(facts)).container.textContent ?? '';
}

describe('Dispatcher', () => {
  const failed = { active_count: 1, dispatcher: FAILED };

  it('shows why nothing starts, with the last words as text', () => {
    const text = shown(failed);
    expect(text).toContain('did not start');
    expect(text).toContain('mlws doctor');
    expect(text).toContain('ImportError: <b>broken</b>\\u202e');
    const words = screen.getByRole('group', { name: /^Last words/ });
    expect(words.tabIndex).toBe(0);
  });

  it('says nothing while nothing waits, or while it lives or rests', () => {
    expect(shown({ active_count: 0, dispatcher: FAILED })).toBe('');
    expect(shown({ active_count: 1 })).toBe('');
    const rests = { ...FAILED, message: '' };
    expect(shown({ active_count: 1, dispatcher: rests })).toBe('');
  });

  it('tries again, once at a time, keeps the last words meanwhile, and says that it runs', async () => {
    let begun = 0;
    let finish = () => {};
    const onWake = () => {
      begun += 1;
      return new Promise<void>(resolve => (finish = resolve));
    };
    const { container, rerender } = render(dispatcher(failed, onWake));
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    fireEvent.click(screen.getByRole('button', { name: 'Trying…' }));
    expect(begun).toBe(1);
    const silent = { ...FAILED, message: '' };
    rerender(dispatcher({ active_count: 1, dispatcher: silent }, onWake));
    expect(container.textContent).toContain('ImportError');
    await act(async () => finish());
    rerender(dispatcher({ active_count: 1 }, onWake));
    expect(container.textContent).toContain('The dispatcher is running');
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('answers with sentence and hint where it fails again', async () => {
    const onWake = async () => {
      throw new ApiError(
        'dispatcher_unavailable',
        'No <i>way</i>.',
        'Mend it.'
      );
    };
    const { container } = render(dispatcher(failed, onWake));
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    });
    expect(container.textContent).toContain('No <i>way</i>. Mend it.');
    expect(screen.getByRole('button', { name: 'Try again' })).toBeTruthy();
  });
});

describe('Warnings', () => {
  it('shows each sentence as a line of text with a sign', () => {
    const sentences = ['It lies on NFS.', '<img src=x>\u202e'];
    render(<Warnings sentences={sentences} />);
    screen.getByRole('list', { name: 'Warnings about this workspace' });
    const lines = screen.getAllByRole('listitem').map(it => it.textContent);
    expect(lines).toEqual(['It lies on NFS.', '<img src=x>\\u202e']);
    expect(screen.getAllByRole('img', { name: 'Warning' })).toHaveLength(2);
    expect(document.querySelector('img')).toBeNull();
  });

  it('takes no room when there is nothing to say', () => {
    const { container } = render(<Warnings sentences={[]} />);
    expect(container.childElementCount).toBe(0);
  });
});
