import { render } from '@testing-library/react';
import * as React from 'react';

import { makeInfo } from '../../__tests__/server';
import { Dispatcher } from '../Header';

const FAILED = {
  alive: false,
  pid: null,
  version: null,
  message: 'Traceback\nImportError: <b>broken</b>\u202e',
  troubles: {}
};

function shown(facts: Parameters<typeof makeInfo>[0]): string {
  return (
    render(<Dispatcher info={makeInfo(facts)} />).container.textContent ?? ''
  );
}

describe('Dispatcher', () => {
  it('shows why nothing starts, with the last words as text', () => {
    const text = shown({ active_count: 1, dispatcher: FAILED });
    expect(text).toContain('did not start');
    expect(text).toContain('mlws doctor');
    expect(text).toContain('ImportError: <b>broken</b>\\u202e');
  });

  it('says nothing while nothing waits, or while it lives or rests', () => {
    expect(shown({ active_count: 0, dispatcher: FAILED })).toBe('');
    expect(shown({ active_count: 1 })).toBe('');
    const rests = { ...FAILED, message: '' };
    expect(shown({ active_count: 1, dispatcher: rests })).toBe('');
  });
});
