import { Coalescer } from '../coalescer';

describe('Coalescer', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('runs at once, then once more for a burst', async () => {
    const task = jest.fn(async () => undefined);
    const coalescer = new Coalescer(task, 100);
    for (let i = 0; i < 50; i++) {
      coalescer.request();
    }
    expect(task).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(1000);
    expect(task).toHaveBeenCalledTimes(2);
    coalescer.dispose();
  });

  it('never runs twice at a time, and loses no request made meanwhile', async () => {
    let end = () => undefined as void;
    const task = jest.fn(
      () => new Promise<void>(resolve => (end = () => resolve()))
    );
    const coalescer = new Coalescer(task, 10);
    coalescer.request();
    await jest.advanceTimersByTimeAsync(500);
    coalescer.request();
    coalescer.request();
    expect(task).toHaveBeenCalledTimes(1);
    end();
    await jest.advanceTimersByTimeAsync(500);
    expect(task).toHaveBeenCalledTimes(2);
    end();
    await jest.advanceTimersByTimeAsync(500);
    expect(task).toHaveBeenCalledTimes(2);
    coalescer.dispose();
  });

  it('asks how long to wait each time, where that may change', async () => {
    let interval = 100;
    const task = jest.fn(async () => undefined);
    const coalescer = new Coalescer(task, () => interval);
    coalescer.request();
    interval = 1000;
    await jest.advanceTimersByTimeAsync(150);
    coalescer.request();
    await jest.advanceTimersByTimeAsync(800);
    expect(task).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(100);
    expect(task).toHaveBeenCalledTimes(2);
    coalescer.dispose();
  });

  it('does nothing after its end', async () => {
    const task = jest.fn(async () => undefined);
    const coalescer = new Coalescer(task, 10);
    coalescer.dispose();
    coalescer.request();
    await jest.advanceTimersByTimeAsync(100);
    expect(task).not.toHaveBeenCalled();
  });
});
