import { linkOf, readLink, withoutLink } from '../link';

describe('links to runs', () => {
  it('are read as they are written', () => {
    const { search } = new URL(linkOf('w-1', 12), 'http://localhost');
    expect(readLink(search)).toEqual({ workspace: 'w-1', run: '12' });
  });

  it('may name the workspace by its name, and the run by its id', () => {
    expect(readLink('?mlws-run=my%20work:digits_1_ab')).toEqual({
      workspace: 'my work',
      run: 'digits_1_ab'
    });
  });

  it.each([
    '',
    '?mlws-run=',
    '?mlws-run=12',
    '?mlws-run=../x:12',
    '?mlws-run=w:../12',
    '?mlws-run=w%2Fx:12',
    '?mlws-run=w:1%00',
    '?mlws-run=w:<img>'
  ])('are refused when they are none: %s', search => {
    expect(readLink(search)).toBeNull();
  });

  it('leave the rest of the address as it was', () => {
    expect(withoutLink('?mlws-run=w:1')).toBe('');
    expect(withoutLink('?a=b&mlws-run=w:1')).toBe('?a=b');
  });
});
