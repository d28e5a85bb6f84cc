import { readOutputs } from '../outputs';

const PNG = 'iVBORw0KGgo=';

function read(...outputs: object[]) {
  return readOutputs(outputs.map(it => JSON.stringify(it)).join('\n'));
}

function display(text: string, id?: string, type = 'display_data') {
  return {
    output_type: type,
    data: { 'text/plain': text },
    ...(id === undefined ? {} : { transient: { display_id: id } })
  };
}

const texts = (...outputs: object[]) =>
  read(...outputs).shown.map(output => output.text);

describe('readOutputs', () => {
  it('prefers a picture to its text', () => {
    const data = { 'image/png': PNG, 'text/plain': '<Figure>' };
    expect(read({ output_type: 'display_data', data }).shown).toEqual([
      { kind: 'image', url: `data:image/png;base64,${PNG}`, text: '<Figure>' }
    ]);
  });

  it.each(['iVBOR', 'x"onerror=', '', '<svg></svg>!', 'a=bc', 7])(
    'shows the text of a picture that is no base64: %j',
    bytes => {
      const data = { 'image/png': bytes, 'text/plain': 'fig' };
      expect(texts({ output_type: 'display_data', data })).toEqual(['fig']);
      expect(read({ output_type: 'display_data', data }).shown[0].kind).toBe(
        'text'
      );
    }
  );

  it('never shows markup or scripts', () => {
    const data = {
      'text/html': '<b>1</b>',
      'image/svg+xml': '<svg/>',
      'application/javascript': 'alert(1)'
    };
    expect(read({ output_type: 'execute_result', data }).shown).toEqual([]);
  });

  it('applies updates to the outputs of that id', () => {
    const update = display('new', 'a', 'update_display_data');
    expect(texts(display('old', 'a'), display('other'), update)).toEqual([
      'new',
      'other'
    ]);
    expect(
      texts(display('x'), display('y', undefined, 'update_display_data'))
    ).toEqual(['x']);
  });

  it('clears at once, or when the next output comes', () => {
    const clear = { output_type: 'clear_output', wait: false };
    const wait = { output_type: 'clear_output', wait: true };
    expect(texts(display('a'), clear)).toEqual([]);
    expect(texts(display('a'), wait)).toEqual(['a']);
    expect(texts(display('a'), wait, display('b'), display('c'))).toEqual([
      'b',
      'c'
    ]);
  });

  it('cuts long text and counts what it leaves out', () => {
    const many = Array.from({ length: 11 }, () => display('x'.repeat(5000)));
    const { shown, more } = read(...many);
    expect(shown.length).toBe(8);
    expect(more).toBe(3);
    expect(shown[0]).toEqual({
      kind: 'text',
      text: 'x'.repeat(2000),
      isCut: true
    });
  });

  it('leaves out lines that are not finished or mean nothing', () => {
    const lines = `null\n7\n{}\n${JSON.stringify(display('a'))}\n{"output_ty`;
    expect(readOutputs(lines).shown.length).toBe(1);
  });
});
