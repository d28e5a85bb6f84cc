import { Feed } from '../feed';

const event = (cursor: number, ...kinds: string[]) => ({
  workspace: 'w1',
  cursor,
  changes: kinds.map(kind => ({ kind, subject: 'r1' }))
});
const page = (cursor: number, ...kinds: string[]) => ({
  cursor,
  changes: kinds.map(kind => ({ kind, subject: 'r1', cursor }))
});

describe('Feed', () => {
  let feed: Feed;
  let now: number;

  beforeEach(() => {
    now = 0;
    feed = new Feed(() => now);
    feed.restart(10);
  });

  /** Poll so late that no event is under way any more. */
  const pollLater = (...of: Parameters<typeof page>) => {
    now += 1000;
    return feed.take(page(...of));
  };

  it('counts as deaf when no event comes of what a poll found, until one does', () => {
    expect(feed.take(page(10))).toEqual([]);
    expect(feed.isDeaf).toBe(false);
    expect(feed.take(page(11, 'run'))).toHaveLength(1);
    expect(feed.isDeaf).toBe(false);
    expect(feed.isInDoubt).toBe(true);
    pollLater(11);
    expect(feed.isDeaf).toBe(true);
    feed.hear(event(12, 'run'), true);
    expect(feed.isDeaf).toBe(false);
  });

  it('does not count as deaf when a poll overtook an event', () => {
    feed.take(page(11, 'run'));
    // Another poll at once, as after a button was pressed, says nothing more.
    feed.take(page(12, 'run'));
    expect(feed.isDeaf).toBe(false);
    now += 300;
    feed.hear(event(12, 'run'), true);
    expect(feed.isInDoubt).toBe(false);
    pollLater(12);
    expect(feed.isDeaf).toBe(false);
  });

  it('does not count as deaf for what it held back itself', () => {
    feed.hear(event(12, 'metric'), false);
    expect(feed.take(page(12, 'metric'))).toHaveLength(1);
    expect(feed.isInDoubt).toBe(false);
    expect(feed.take(page(13, 'metric'))).toHaveLength(1);
    expect(feed.isInDoubt).toBe(true);
  });

  it('polls calmly again when nothing happens for a while', () => {
    feed.take(page(11, 'run'));
    for (let i = 0; i < 60; i++) {
      pollLater(11);
      expect(feed.isDeaf).toBe(true);
    }
    pollLater(11);
    expect(feed.isDeaf).toBe(false);
  });

  it('holds back what only eyes want while nobody looks, and tells it afterwards', () => {
    const heard = feed.hear(event(12, 'metric', 'log', 'run'), false);
    expect(heard.map(it => it.kind)).toEqual(['run']);
    const told = feed.take(page(12, 'metric', 'log', 'run'));
    expect(told.map(it => it.kind)).toEqual(['metric', 'log']);
  });

  it('never goes back when polls are answered out of order', () => {
    feed.take(page(14));
    feed.take(page(12));
    expect(feed.cursor).toBe(14);
  });
});
