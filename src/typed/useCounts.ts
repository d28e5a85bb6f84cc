import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatNumber } from '../components/format';
import { binAt, mostFrequent, totalOf } from './bins';
import { IHistogram, ITable } from './reading';

/** What a chart of counts says, and what is under the mouse. */
export interface ICounts {
  /** Index of the bin under the mouse. */
  readonly bin: number | null;
  readonly onHover: (value: number | null) => void;
  /** How many there are in all. */
  readonly total: number;
  /** Where most of them are. */
  readonly mostly: string;
  /** The bin under the mouse in words, or else these. */
  readonly said: (otherwise: string) => string;
  readonly numbers: () => ITable;
}

/** A histogram as its charts tell it, whatever is counted. */
export function useCounts(
  trans: TranslationBundle,
  histogram: IHistogram
): ICounts {
  const { edges, counts } = histogram;
  const [hovered, setHovered] = React.useState<number | null>(null);
  const bin = hovered === null ? null : binAt(edges, hovered);
  const range = (i: number) =>
    trans.__('%1 to %2', formatNumber(edges[i]), formatNumber(edges[i + 1]));
  return {
    bin,
    onHover: setHovered,
    total: totalOf(counts),
    mostly: range(mostFrequent(counts)),
    said: otherwise =>
      bin === null ? otherwise : `${range(bin)}: ${formatNumber(counts[bin])}`,
    numbers: () => ({
      columns: [trans.__('From'), trans.__('To'), trans.__('Count')],
      cells: [edges.slice(0, -1), edges.slice(1), counts],
      rowCount: counts.length
    })
  };
}
