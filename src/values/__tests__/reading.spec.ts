import {
  readFigure,
  readHistogram,
  readSound,
  readTableFile,
  readText
} from '../reading';
import { ridgePath } from '../Ridges';

describe('reading values', () => {
  it('takes a text and nothing else', () => {
    expect(readText({ text: 'NaN' })).toBe('NaN');
    expect([readText('x'), readText({ text: 1 }), readText(null)]).toEqual([
      null,
      null,
      null
    ]);
  });

  it('takes a histogram whose edges rise and whose counts fit', () => {
    expect(
      readHistogram({ edges: [0, 1, 4], counts: [2, 0], left_out: 3 })
    ).toEqual({ edges: [0, 1, 4], counts: [2, 0], leftOut: 3 });
    for (const other of [
      { edges: [0, 1], counts: [2, 0] },
      { edges: [0, 0, 1], counts: [2, 0] },
      { edges: [0, 'NaN', 1], counts: [2, 0] },
      { edges: [0, 1], counts: [-1] },
      { edges: [0], counts: [] },
      { edges: Array(1002).fill(0), counts: Array(1001).fill(0) },
      [1, 2],
      'x'
    ]) {
      expect(readHistogram(other)).toBeNull();
    }
  });

  it('takes what names a file, and numbers that are some', () => {
    const sound = { file: 'a/0.wav', media_type: 'audio/wav', duration_s: 'x' };
    expect(readSound(sound)).toEqual({
      file: 'a/0.wav',
      mediaType: 'audio/wav',
      sampleRate: 0,
      channels: 0,
      seconds: 0
    });
    expect(readSound({ file: 1, media_type: 'audio/wav' })).toBeNull();
    expect(
      readFigure({ ...sound, picture: 'a/1.png', picture_type: 'image/png' })
        ?.picture
    ).toEqual({ file: 'a/1.png', mediaType: 'image/png' });
    expect(readFigure(sound)?.picture).toBeNull();
    expect(readTableFile({ ...sound, rows: 7 })?.rowCount).toBe(7);
    expect(readTableFile({ file: ['a'], media_type: ['b'] })).toBeNull();
  });

  it('draws a ridge by density', () => {
    const same = (value: number) => value;
    const path = ridgePath(
      { edges: [0, 1, 3], counts: [2, 2], leftOut: 0 },
      10,
      same,
      same
    );
    expect(path).toBe('M0.0 10.0V13.0H1.0V11.5H3.0V10.0Z');
  });
});
