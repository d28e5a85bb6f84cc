import { asJob, hasCode } from '../code';

describe('asJob', () => {
  it('puts the magic above a cell that has none', () => {
    expect(asJob('a = 1\nb = 2')).toEqual({
      code: '%%submit\na = 1\nb = 2',
      shown: 'a = 1\nb = 2'
    });
  });

  it('gives options to a cell that has none', () => {
    expect(asJob('a = 1', ' -c docker\n -E torch ').code).toBe(
      '%%submit -c docker -E torch\na = 1'
    );
  });

  it('keeps other magics of the cell', () => {
    expect(asJob('%%time\na = 1').code).toBe('%%submit\n%%time\na = 1');
  });

  it('sends a cell with the magic as it stands', () => {
    const source = '\n%%submit digits -c gpu\na = 1';
    expect(asJob(source, '-c docker')).toEqual({ code: source, shown: null });
  });

  it('takes the options of a cell that is tracked in the kernel', () => {
    const source = '%%track digits -t a=1\na = 1';
    expect(asJob(source, '-c docker')).toEqual({
      code: '%%submit digits -t a=1\na = 1',
      shown: source
    });
  });

  it('does not take a longer name for the magic', () => {
    expect(asJob('%%submitted\n1').code).toBe('%%submit\n%%submitted\n1');
  });
});

describe('hasCode', () => {
  it.each([
    ['', false],
    [' \n ', false],
    ['%%submit digits', false],
    ['%%submit\n \n', false],
    ['%%submit\n1', true],
    ['1', true],
    ['%%time', true]
  ])('of %j is %s', (source, has) => {
    expect(hasCode(source)).toBe(has);
  });
});
