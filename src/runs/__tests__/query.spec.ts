import { makeMetric, makeRun } from '../../__tests__/server';
import { complete, namesOf, withCompletion } from '../completion';
import { isFilter, matches, parseQuery } from '../query';

describe('parseQuery', () => {
  it.each([
    ['Failed', 'Failed', null],
    [' cancelled  lr=0.1 ', 'Canceled', 'lr=0.1'],
    ['my run', null, 'my run'],
    ['failed-once', null, 'failed-once'],
    ['constructor', null, 'constructor'],
    ['lr=0.1', null, 'lr=0.1'],
    ['  ', null, null]
  ])('of %j looks for text', (text, status, search) => {
    expect(parseQuery(text)).toEqual({ status, search, filter: null });
  });

  it.each([
    'metrics.acc > 0.9',
    "status='Failed'",
    'lr > 0.1',
    'metrics.',
    "name like 'a%'",
    "not user = 'ada'",
    "(user = 'ada')",
    "not params.lr in ('0.1')",
    'metrics.acc is not null',
    "user in ('ada')"
  ])('of %j is a condition', filter => {
    expect(parseQuery(filter)).toEqual({ status: null, search: null, filter });
  });

  it('takes words that a condition has, too, for text', () => {
    const texts = ['in', 'nothing like it', 'is it', 'not', 'my name is null'];
    expect(texts.filter(isFilter)).toEqual(['my name is null']);
    expect(['all in one', 'not in'].filter(isFilter)).toEqual([]);
  });
});

describe('matches', () => {
  const run = makeRun(12, { tags: { best: '' }, params: { LR: '0.1' } });
  it.each([
    ['#12', true],
    ['lr=0.1', true],
    ['BEST', true],
    ['digits', true],
    ['running digits', true],
    ['failed', false],
    ['other', false]
  ])('finds %j', (text, found) => {
    expect(matches(run, parseQuery(text))).toBe(found);
  });
});

describe('complete', () => {
  const names = namesOf([
    makeRun(1, {
      metrics: [makeMetric('accuracy'), makeMetric('val loss')],
      params: { lr: '0.1' },
      tags: { owner: 'ada' }
    })
  ]);
  const texts = (text: string) =>
    complete(text, text.length, names).map(it => it.text.trim());

  it('offers names that begin so, then those that begin so after their kind', () => {
    expect(texts('metrics.')).toEqual([
      'metrics.accuracy',
      'metrics.`val loss`'
    ]);
    expect(texts('acc')).toEqual(['metrics.accuracy']);
    expect(texts('metrics.accuracy > 0.9 and l')).toEqual(['params.lr']);
    expect(texts('start')).toEqual(['started_at']);
  });

  it('offers nothing inside of quotes, and nothing for nothing', () => {
    expect(texts("user = 'a")).toEqual([]);
    expect(texts('')).toEqual([]);
  });

  it('offers the statuses after status =', () => {
    expect(texts('status = fa')).toEqual(["'Failed'"]);
    expect(texts("status in ('Failed', 'C").sort()).toEqual([
      "'CancelRequested'",
      "'Canceled'",
      "'Completed'"
    ]);
  });

  it('goes where the word stands, quotes and all', () => {
    const text = "status = 'fa' and user = 'ada'";
    const [found] = complete(text, 12, names);
    expect(withCompletion(text, found)).toEqual({
      text: "status = 'Failed' and user = 'ada'",
      cursor: 17
    });
  });
});
