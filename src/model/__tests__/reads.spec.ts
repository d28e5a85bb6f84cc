import { SharedReads } from '../reads';

describe('SharedReads', () => {
  let reads: SharedReads;
  let asked: number;
  const answers: ((value: string) => void)[] = [];

  const read = () =>
    reads.read('run', () => {
      asked += 1;
      return new Promise<string>(resolve => answers.push(resolve));
    });

  beforeEach(() => {
    jest.useFakeTimers();
    reads = new SharedReads();
    asked = 0;
    answers.length = 0;
  });

  afterEach(() => jest.useRealTimers());

  it('sends once what five views ask at about the same time', async () => {
    const early = [read(), read()];
    answers[0]('a');
    expect(await Promise.all(early)).toEqual(['a', 'a']);
    jest.advanceTimersByTime(400);
    expect(await Promise.all([read(), read(), read()])).toEqual([
      'a',
      'a',
      'a'
    ]);
    expect(asked).toBe(1);
  });

  it('asks again for all, once, when something changed while the answer was under way', async () => {
    const before = read();
    reads.forget();
    const after = [read(), read()];
    expect(asked).toBe(1);
    answers[0]('old');
    expect(await before).toBe('old');
    await jest.advanceTimersByTimeAsync(100);
    expect(asked).toBe(2);
    answers[1]('new');
    expect(await Promise.all(after)).toEqual(['new', 'new']);
  });

  it('keeps no answer that something told may have made old, and none for long', async () => {
    const first = read();
    answers[0]('a');
    await first;
    reads.forget();
    await jest.advanceTimersByTimeAsync(200);
    void read();
    expect(asked).toBe(2);
    answers[1]('b');
    await jest.advanceTimersByTimeAsync(500);
    expect(reads.size).toBe(0);
    void read();
    expect(asked).toBe(3);
  });

  it('gives a failure to all who waited for it, and asks the next one anew', async () => {
    const fail = () => reads.read('x', () => Promise.reject(new Error('no')));
    const both = [fail(), fail()];
    for (const each of both) {
      await expect(each).rejects.toThrow('no');
    }
    expect(reads.size).toBe(0);
    await expect(reads.read('x', async () => 'yes')).resolves.toBe('yes');
  });
});
