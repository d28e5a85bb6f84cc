import { closedDocument, isWorthFetching, previewOf } from '../preview';

const bytes = (text: string): ArrayBuffer =>
  new TextEncoder().encode(text).slice().buffer as ArrayBuffer;

describe('previewOf', () => {
  it('reads cells as spreadsheets quote them', () => {
    const shown = previewOf('a.csv', bytes('a,b\n1,"x, ""y""\nz"\n2,\n'));
    expect(shown).toEqual({
      kind: 'table',
      isCut: false,
      table: {
        columns: ['a', 'b'],
        cells: [
          [1, 2],
          ['x, "y"\nz', '']
        ],
        rowCount: 2
      }
    });
  });

  it('keeps columns of one name apart, and says where rows are left out', () => {
    const rows = Array.from({ length: 900 }, (_, i) => `${i}\t1`).join('\n');
    const shown = previewOf('a.tsv', bytes(`x\tx\n${rows}`));
    expect(shown).toMatchObject({
      isCut: true,
      table: { columns: ['x', 'x (2)'], rowCount: 500 }
    });
  });

  it('shows notebooks as text, never as markup', () => {
    const notebook = {
      cells: [
        { cell_type: 'markdown', source: ['# <b>', 'x</b>'] },
        {
          cell_type: 'code',
          source: 'f()',
          execution_count: 3,
          outputs: [
            { output_type: 'stream', text: ['a\r', 'b\n'] },
            { output_type: 'display_data', data: { 'text/html': '<b>' } },
            { output_type: 'error', ename: 'E', evalue: 'v', traceback: [] },
            null
          ]
        },
        7
      ]
    };
    const shown = previewOf('n.ipynb', bytes(JSON.stringify(notebook)));
    expect(shown).toMatchObject({
      kind: 'notebook',
      cells: [
        { kind: 'text', source: '# <b>x</b>' },
        {
          kind: 'code',
          count: 3,
          outputs: [
            { kind: 'text', text: 'b\n' },
            { kind: 'text', text: 'E: v' }
          ]
        },
        { kind: 'text', source: '' }
      ]
    });
  });

  it('shows a notebook that is none as the text it is', () => {
    expect(previewOf('n.ipynb', bytes('{"cells": 3')).kind).toBe('text');
    expect(previewOf('n.ipynb', bytes('[]')).kind).toBe('text');
  });

  it('sees from the bytes whether a file of any name is text', () => {
    expect(previewOf('LICENSE', bytes('words')).kind).toBe('text');
    expect(previewOf('a.json', bytes('{"a": [1, {}]}'))).toMatchObject({
      text: '{\n  "a": [\n    1,\n    {}\n  ]\n}',
      isCut: false
    });
    expect(previewOf('a.json', bytes('no  JSON'))).toMatchObject({
      text: 'no  JSON'
    });
    // Written out as it is nested it would have more letters than a text can have.
    const depth = 4000;
    const deep = '['.repeat(depth) + '1,'.repeat(1e5) + '1' + ']'.repeat(depth);
    const shown = previewOf('a.json', bytes(deep)) as { text: string };
    expect(shown).toMatchObject({ kind: 'text', isCut: true });
    expect(shown.text.slice(0, 7)).toBe('[\n  [\n ');
    expect(shown.text.length).toBe(512 * 1024);
    expect(previewOf('a.bin', bytes('a\u0000b')).kind).toBe('none');
    const broken = new Uint8Array([0xff, 0xfe, 0xfd]).buffer;
    expect(previewOf('a.txt', broken).kind).toBe('none');
  });

  it('lets a page fetch nothing', () => {
    expect(closedDocument('<p>')).toContain("default-src 'none'");
    expect(previewOf('a.html', bytes('<p>')).kind).toBe('html');
  });

  it('fetches nothing that it could not show', () => {
    expect(isWorthFetching('model.pt', 10)).toBe(false);
    expect(isWorthFetching('log.txt', 1e9)).toBe(false);
    expect(isWorthFetching('log.txt', 1e6)).toBe(true);
  });
});
