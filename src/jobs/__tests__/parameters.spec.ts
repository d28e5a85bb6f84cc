import { nullTranslator } from '@jupyterlab/translation';

import { NotebookParameter } from '../../api';
import { initialText, readTyped, splitArguments } from '../parameters';

const trans = nullTranslator.load('');
const make = (
  name: string,
  type: string,
  value: unknown,
  code = ''
): NotebookParameter => ({
  name,
  type,
  default: value,
  help: '',
  code,
  cell: 1
});

const ALL = [
  make('n', 'int', 3),
  make('lr', 'float', 0.5),
  make('name', 'str', 'a'),
  make('flag', 'bool', true),
  make('sizes', 'json', [1, 2]),
  make('when', 'json', null, 'now()')
];

describe('initialText', () => {
  it('is the default as a person writes it', () => {
    expect(ALL.map(initialText)).toEqual([
      '3',
      '0.5',
      'a',
      'true',
      '[1,2]',
      ''
    ]);
  });
});

describe('a number', () => {
  it.each([
    [1, '1.0'],
    [0.001, '1e-3'],
    [-0.5, '-0.5'],
    [255, '0xff']
  ])('%d is shown as the notebook spells it: %s', (value, code) => {
    const parameter = make('lr', 'float', value, code);
    expect(initialText(parameter)).toBe(code);
    expect(readTyped(trans, [parameter], { lr: code }).values).toEqual({});
  });

  it.each([
    [1000, '1_000'],
    [3, '3L'],
    [7, '']
  ])('%d is shown as itself where %j cannot be read back', (value, code) => {
    expect(initialText(make('n', 'int', value, code))).toBe(String(value));
  });
});

describe('readTyped', () => {
  const read = (typed: Record<string, string>) => readTyped(trans, ALL, typed);

  it('sends nothing that is as in the notebook', () => {
    expect(read({})).toEqual({ values: {}, problems: {} });
    expect(read({ n: '3', lr: ' ', sizes: '[1,2]', when: '' }).values).toEqual(
      {}
    );
  });

  it('reads each type', () => {
    expect(
      read({
        n: '10',
        lr: '1e-3',
        name: '',
        flag: 'false',
        sizes: '{"a": 1}',
        when: 'null'
      })
    ).toEqual({
      values: {
        n: 10,
        lr: 0.001,
        name: '',
        flag: false,
        sizes: { a: 1 },
        when: null
      },
      problems: {}
    });
  });

  it('knows the numbers that JSON does not', () => {
    expect(read({ lr: '-Infinity' }).values).toEqual({ lr: '-Infinity' });
  });

  it.each([
    ['n', 'many'],
    ['n', '9007199254740993'],
    ['lr', '0,5'],
    ['sizes', '[1,']
  ])('says what is wrong with %s = %s', (name, text) => {
    const { problems, values } = read({ [name]: text });
    expect(Object.keys(problems)).toEqual([name]);
    expect(values).toEqual({});
  });
});

describe('what is no number', () => {
  it.each([
    ['n', 'many', 'This is no number: write for example 3.'],
    ['lr', 'small', 'This is no number: write for example 0.1.'],
    ['lr', '0,5', 'This is no number: write for example 0.5.']
  ])('in %s, %s, is answered with one', (name, text, problem) => {
    const { problems } = readTyped(trans, ALL, { [name]: text });
    expect(problems[name]).toBe(problem);
  });
});

describe('splitArguments', () => {
  it.each([
    ['', []],
    ['  a  b ', ['a', 'b']],
    ['--name "a b" \'c"d\'', ['--name', 'a b', 'c"d']],
    ['a\\ b ""', ['a b', '']],
    ['x="1 2"y', ['x=1 2y']]
  ])('of %j is %j', (line, words) => {
    expect(splitArguments(line)).toEqual(words);
  });
});
