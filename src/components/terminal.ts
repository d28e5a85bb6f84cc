/** A piece of a line in one look: `look` holds names of classes, '' for plain text. */
export interface ISpan {
  readonly text: string;
  readonly look: string;
}

/** A line as a terminal would show it. */
export interface ILine {
  readonly text: string;
  /** Null where all of it is plain. */
  readonly spans: readonly ISpan[] | null;
}

/** How letters are drawn; colours are the 16 of a terminal. */
interface ILook {
  readonly bold: boolean;
  readonly faint: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly colour: number | null;
}

const PLAIN: ILook = {
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  colour: null
};

// A control sequence, a string that ends with BEL or ST, or another escape; then what moves the cursor.
const ESCAPES =
  // eslint-disable-next-line no-control-regex
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b(?:[ -/]*[0-Z\\-~]|\[[0-?]*[ -/]*$|$)|\r|\u0008/g;
// eslint-disable-next-line no-control-regex
const SPECIAL = /[\u001b\r\u0008]/;
/** A line is not shown beyond so many letters. */
const MAX_LETTERS = 10000;

/**
 * Lines of terminal output: colours kept, carriage returns, backspaces and erasures obeyed, all else dropped. Output is
 * written as it comes; the last line is read again when more of it does.
 */
export class Terminal {
  /** The lines so far; an array of its own after each write. */
  get lines(): readonly ILine[] {
    return this._lines;
  }

  write(output: string): void {
    if (output === '') {
      return;
    }
    const pieces = (this._rest + output).split('\n');
    const lines = this._lines.slice(0, -1);
    pieces.forEach((piece, i) => {
      const isLast = i === pieces.length - 1;
      const { line, look } = readLine(piece.replace(/\r$/, ''), this._look);
      lines.push(line);
      if (!isLast) {
        this._look = look;
      }
    });
    this._rest = pieces[pieces.length - 1];
    this._lines = lines;
  }

  private _lines: readonly ILine[] = [];
  /** How letters are drawn where the last line begins. */
  private _look = PLAIN;
  private _rest = '';
}

function readLine(text: string, look: ILook): { line: ILine; look: ILook } {
  if (!SPECIAL.test(text) && look === PLAIN) {
    return { line: { text: text.slice(0, MAX_LETTERS), spans: null }, look };
  }
  const row = new Row();
  let at = 0;
  for (const found of text.matchAll(ESCAPES)) {
    row.put(text.slice(at, found.index), look);
    at = found.index! + found[0].length;
    if (found[0] === '\r') {
      row.cursor = 0;
    } else if (found[0] === '\b') {
      row.cursor = Math.max(0, row.cursor - 1);
    } else if (found[2] === 'm') {
      look = restyle(look, found[1]);
    } else if (found[2] !== undefined) {
      row.obey(found[2], parseInt(found[1], 10));
    }
  }
  row.put(text.slice(at), look);
  return { line: row.line, look: isPlain(look) ? PLAIN : look };
}

/** The letters of a line, and where the next one goes. */
class Row {
  cursor = 0;

  put(text: string, look: ILook): void {
    const name = nameOf(look);
    for (const letter of text) {
      if (this.cursor >= MAX_LETTERS) {
        return;
      }
      while (this._letters.length < this.cursor) {
        this._letters.push(' ');
        this._looks.push('');
      }
      this._letters[this.cursor] = letter;
      this._looks[this.cursor] = name;
      this.cursor += 1;
    }
  }

  /** Obey a command about this line. */
  obey(command: string, argument: number): void {
    const count = Number.isNaN(argument) ? 1 : Math.min(argument, MAX_LETTERS);
    if (command === 'C') {
      this.cursor = Math.min(MAX_LETTERS, this.cursor + count);
    } else if (command === 'D') {
      this.cursor = Math.max(0, this.cursor - count);
    } else if (command === 'G') {
      this.cursor = Math.max(0, count - 1);
    } else if (command === 'K') {
      this._erase(Number.isNaN(argument) ? 0 : argument);
    }
  }

  get line(): ILine {
    const spans: ISpan[] = [];
    let from = 0;
    for (let i = 1; i <= this._letters.length; i++) {
      if (i === this._letters.length || this._looks[i] !== this._looks[from]) {
        const text = this._letters.slice(from, i).join('');
        spans.push({ text, look: this._looks[from] });
        from = i;
      }
    }
    const isPlain = spans.every(span => span.look === '');
    const text = this._letters.join('');
    return { text, spans: isPlain ? null : spans };
  }

  private _erase(part: number): void {
    if (part === 0) {
      this._letters.length = Math.min(this._letters.length, this.cursor);
      this._looks.length = this._letters.length;
    } else {
      const end = part === 1 ? this.cursor + 1 : this._letters.length;
      this._letters.fill(' ', 0, end);
      this._looks.fill('', 0, end);
    }
  }

  private _letters: string[] = [];
  private _looks: string[] = [];
}

function restyle(look: ILook, codes: string): ILook {
  const numbers = codes.split(/[;:]/).map(Number);
  let next = look;
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i];
    if (code === 38 || code === 48) {
      // A colour of 256 or of millions: its base colour where it is one of the 16, else none.
      const indexed = numbers[i + 1] === 5;
      if (code === 38) {
        const colour = indexed && numbers[i + 2] < 16 ? numbers[i + 2] : null;
        next = { ...next, colour };
      }
      i += indexed ? 2 : 4;
    } else {
      next = applied(next, code);
    }
  }
  return next;
}

function applied(look: ILook, code: number): ILook {
  if (code >= 30 && code <= 37) {
    return { ...look, colour: code - 30 };
  }
  if (code >= 90 && code <= 97) {
    return { ...look, colour: code - 82 };
  }
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return { ...look, bold: true };
    case 2:
      return { ...look, faint: true };
    case 3:
      return { ...look, italic: true };
    case 4:
      return { ...look, underline: true };
    case 22:
      return { ...look, bold: false, faint: false };
    case 23:
      return { ...look, italic: false };
    case 24:
      return { ...look, underline: false };
    case 39:
      return { ...look, colour: null };
    default:
      return look;
  }
}

function isPlain(look: ILook): boolean {
  return nameOf(look) === '';
}

function nameOf(look: ILook): string {
  const names = [
    look.bold ? 'jp-mlws-ansi-bold' : '',
    look.faint ? 'jp-mlws-ansi-faint' : '',
    look.italic ? 'jp-mlws-ansi-italic' : '',
    look.underline ? 'jp-mlws-ansi-underline' : '',
    // A bright colour is drawn as its quiet sister: both have to be read on light and on dark ground.
    look.colour === null ? '' : `jp-mlws-ansi-${look.colour % 8}`
  ];
  return names.filter(name => name !== '').join(' ');
}
