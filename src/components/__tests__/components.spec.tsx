import { render } from '@testing-library/react';
import * as React from 'react';

import { RunStatus } from '../../api';
import { plainText } from '../ansi';
import {
  formatBytes,
  formatDuration,
  formatNumber,
  formatTook
} from '../format';
import { StatusIcon } from '../status';
import { escapeControls, pythonLiteral, Text } from '../text';

describe('escapeControls', () => {
  it('X20 shows what would reorder text', () => {
    expect(escapeControls('run\u202etxt.exe \u2066a\u2069')).toBe(
      'run\\u202etxt.exe \\u2066a\\u2069'
    );
  });

  it('leaves letters of all scripts alone', () => {
    expect(escapeControls('größe שלום 日本 🙂')).toBe('größe שלום 日本 🙂');
  });
});

describe('Text', () => {
  it('X01 shows markup as text', () => {
    const payload = '<img src=x onerror="window.__xss=1">';
    const { container } = render(<Text value={payload} />);
    expect(container.textContent).toBe(payload);
    expect(container.querySelector('img')).toBeNull();
  });
});

describe('plainText', () => {
  it.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    [
      'X13 links',
      '\u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007',
      'click'
    ],
    ['X13 the clipboard', 'a\u001b]52;c;ZXZpbA==\u0007b', 'ab'],
    ['links ended by ST', '\u001b]8;;x\u001b\\click', 'click'],
    ['an unfinished command', 'a\u001b]8;;http://', 'a'],
    ['an unfinished sequence', 'a\u001b[3', 'a'],
    ['a cleared screen', '\u001b[2Ja', 'a'],
    ['progress bars', '10%\r20%\r100%\ndone', '100%\ndone'],
    ['a shorter overwrite', 'abcdef\rxy', 'xycdef'],
    ['Windows line ends', 'a\r\nb', 'a\nb']
  ])('drops or obeys %s', (_, output, text) => {
    expect(plainText(output)).toBe(text);
  });
});

describe('formats', () => {
  it.each([
    [0, '0'],
    [0.93125, '0.9313'],
    [-0.5, '−0.5000'],
    [12.34567, '12.346'],
    [1234.5678, '1234.6'],
    [42, '42'],
    [1e-5, '1.00e-5'],
    [12345678, '1.23e+7'],
    [NaN, 'NaN'],
    [Infinity, '∞']
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it.each([
    [0, '0:00'],
    [64, '1:04'],
    [7390, '2:03:10'],
    [90000, '1 d 1 h'],
    [-5, '0:00']
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [0.04, '0.0 s'],
    [0.44, '0.4 s'],
    [9.96, '0:09'],
    [12.3, '0:12'],
    [-5, '0.0 s']
  ])('writes of %d seconds that something took %s', (seconds, text) => {
    expect(formatTook(seconds)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [250e6, '250 MB']
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('StatusIcon', () => {
  const all: RunStatus[] = [
    'NotStarted',
    'Queued',
    'Provisioning',
    'Preparing',
    'Running',
    'Finalizing',
    'CancelRequested',
    'NotResponding',
    'Completed',
    'Failed',
    'Canceled'
  ];

  it('says every status in words', () => {
    const words = all.map(status => {
      const { container } = render(<StatusIcon status={status} />);
      return container.querySelector('svg')?.getAttribute('aria-label');
    });
    expect(new Set(words).size).toBe(all.length);
  });

  it('has shapes of their own for what must not be confused', () => {
    const shapes = [
      'Queued',
      'Running',
      'Completed',
      'Failed',
      'Canceled',
      'NotResponding'
    ].map(status => {
      const { container } = render(<StatusIcon status={status as RunStatus} />);
      container.querySelector('title')?.remove();
      return new XMLSerializer().serializeToString(container);
    });
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

describe('pythonLiteral', () => {
  it.each([
    ['loss', '"loss"'],
    ['a "b"\\', '"a \\"b\\"\\\\"'],
    ['x\u202ey\u2066', '"x\\u202ey\\u2066"'],
    ['é 漢', '"é 漢"']
  ])('writes %j so that nothing in it is hidden', (text, literal) => {
    expect(pythonLiteral(text)).toBe(literal);
  });
});
