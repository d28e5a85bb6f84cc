import { IChartSeries } from './lines';

/** The points of series as CSV, which spreadsheets and programs read. */
export function csvOf(name: string, series: readonly IChartSeries[]): string {
  const all = series.map(it => ({ ...it, rows: it.points.rows('step') }));
  const isBucketed = all.some(({ rows }) => rows.isBucketed);
  const hasRuns = series.some(({ label }) => label !== '');
  const head = [
    ...(hasRuns ? ['run'] : []),
    'step',
    'time',
    name,
    ...(isBucketed ? ['minimum', 'maximum', 'points'] : [])
  ];
  const lines = [head.map(cell).join(',')];
  for (const { label, rows } of all) {
    const first = hasRuns ? `${cell(label)},` : '';
    for (let i = 0; i < rows.step.length; i++) {
      const extent = isBucketed
        ? `,${word(rows.low[i])},${word(rows.high[i])},${rows.weight[i]}`
        : '';
      lines.push(
        `${first}${rows.step[i]},${moment(rows.time[i])},${word(rows.value[i])}${extent}`
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** A cell that is one, whatever it holds. What a spreadsheet would take for a formula is text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** As Python and its libraries write numbers that are none. */
function word(value: number): string {
  return Number.isFinite(value)
    ? String(value)
    : Number.isNaN(value)
      ? 'nan'
      : value > 0
        ? 'inf'
        : '-inf';
}

function moment(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
}

/** A name for a file of a metric: nothing that leads a path elsewhere. */
export function fileNameOf(name: string, ending: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '');
  return `${safe.slice(0, 100) || 'chart'}.${ending}`;
}
