import { render, screen } from '@testing-library/react';
import * as React from 'react';

import { Titled, WithinText } from '../heading';

describe('the title of a part', () => {
  const part = <Titled title="Files">three</Titled>;

  it('is a heading', () => {
    render(part);
    expect(screen.getByRole('heading', { level: 4 }).textContent).toBe('Files');
  });

  it('names the part, and is no heading, between those of a text', () => {
    render(<WithinText>{part}</WithinText>);
    expect(screen.queryByRole('heading')).toBeNull();
    expect(screen.getByRole('group', { name: 'Files' }).textContent).toBe(
      'Filesthree'
    );
  });
});
