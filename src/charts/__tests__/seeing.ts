/** How eyes see colours: those of most people, and those that lack one kind of cone (Machado and others, 2009). */
const EYES = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1]
  ],
  [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]
  ],
  [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]
  ],
  [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]
  ]
];

type Triple = number[];

function linear(hex: string): Triple {
  return [1, 3, 5].map(i => {
    const part = parseInt(hex.slice(i, i + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
}

function luminance([r, g, b]: Triple): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** As WCAG measures it. */
export function contrast(a: string, b: string): number {
  const [low, high] = [a, b]
    .map(it => luminance(linear(it)))
    .sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** The colour as CIE L*a*b* has it, in which distances are what is seen. */
function lab([r, g, b]: Triple): Triple {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How far each two of the colours lie apart, for each kind of eyes. */
export function differences(colours: readonly string[]): number[] {
  return EYES.flatMap(eye => {
    const seen = colours.map(colour => {
      const light = linear(colour);
      const part = (row: Triple) =>
        row.reduce((sum, it, i) => sum + it * light[i], 0);
      return lab(eye.map(row => Math.min(1, Math.max(0, part(row)))));
    });
    return seen.flatMap((a, i) =>
      seen.slice(0, i).map(b => Math.hypot(...a.map((it, k) => it - b[k])))
    );
  });
}
