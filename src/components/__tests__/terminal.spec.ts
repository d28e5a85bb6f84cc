import { Terminal } from '../terminal';

const ESC = '\u001b';

function linesOf(...pieces: string[]): string[] {
  const terminal = new Terminal();
  pieces.forEach(piece => terminal.write(piece));
  return terminal.lines.map(line => line.text);
}

describe('Terminal', () => {
  it('gives the lines of what was written, however it was cut into pieces', () => {
    const text = `one\ntwo ${ESC}[31mred${ESC}[0m\nthree\r4`;
    const whole = new Terminal();
    whole.write(text);
    for (let i = 0; i < text.length; i++) {
      const cut = new Terminal();
      cut.write(text.slice(0, i));
      cut.write(text.slice(i));
      expect(cut.lines).toEqual(whole.lines);
    }
    expect(linesOf(text)).toEqual(['one', 'two red', '4hree']);
  });

  it('obeys carriage returns, backspaces and erasures as a progress bar writes them', () => {
    expect(linesOf('10%\r20%\r\n')).toEqual(['20%', '']);
    expect(linesOf('loading\rdone' + ESC + '[K')).toEqual(['done']);
    expect(linesOf('ab\b\bc')).toEqual(['cb']);
    expect(linesOf(`ab${ESC}[3Dx${ESC}[5Gy`)).toEqual(['xb  y']);
  });

  it('keeps colours as names of classes, over the end of a line', () => {
    const terminal = new Terminal();
    terminal.write(`${ESC}[1;31mbad\nstill${ESC}[0m good`);
    expect(terminal.lines[0].spans).toEqual([
      { text: 'bad', look: 'jp-mlws-ansi-bold jp-mlws-ansi-1' }
    ]);
    expect(terminal.lines[1].spans).toEqual([
      { text: 'still', look: 'jp-mlws-ansi-bold jp-mlws-ansi-1' },
      { text: ' good', look: '' }
    ]);
  });

  it('drops what would act on a terminal: links, the clipboard, titles', () => {
    const links = `${ESC}]8;;javascript:alert(1)\u0007click${ESC}]8;;\u0007`;
    const clipboard = `${ESC}]52;c;ZXZpbA==\u0007`;
    expect(linesOf(`${links} ${ESC}[2J${clipboard}end`)).toEqual(['click end']);
  });

  it('bounds a line, whatever it asks for', () => {
    expect(linesOf(`${ESC}[999999999Cx`)[0].length).toBeLessThanOrEqual(10000);
    expect(linesOf('x'.repeat(50000))[0].length).toBe(10000);
  });
});
