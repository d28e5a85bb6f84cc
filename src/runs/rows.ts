import { LastValue, RunLine } from '../api';
import { waitsFor } from './status';

/** What runs of one experiment, listed beside each other, have in common. */
export interface IGroup {
  /** Parameters that tell these runs from each other. */
  readonly differing: ReadonlySet<string>;
  /** The metric that stands for them. */
  readonly metric: string | null;
}

/** What is shown and is no run's own. */
export interface IRowFacts {
  readonly depth: number;
  /** Null where nothing can be opened. */
  readonly expanded: boolean | null;
  /** Position among its siblings, from 1, and how many they are. */
  readonly position: number;
  readonly siblings: number;
  readonly pinned: boolean;
  /** Name of who submitted it, '' where that is who looks. */
  readonly author: string;
}

/** A line of the list: a run, or a child of an opened one. */
export interface IRow extends IRowFacts {
  readonly run: RunLine;
  /** Parameters that tell this run from the others beside it. */
  readonly params: readonly (readonly [string, string])[];
  readonly metric: LastValue | null;
  readonly hasSecondLine: boolean;
}

export const ROW_HEIGHT = 26;
export const ROW_HEIGHT_OF_TWO = 42;

/** A line that works out what it shows when it comes into sight: most of thousands never do. */
export class Row implements IRow {
  constructor(
    readonly run: RunLine,
    readonly group: IGroup,
    facts: IRowFacts
  ) {
    this.depth = facts.depth;
    this.expanded = facts.expanded;
    this.position = facts.position;
    this.siblings = facts.siblings;
    this.pinned = facts.pinned;
    this.author = facts.author;
    this.hasSecondLine =
      facts.author !== '' || waitsFor(run) !== '' || this._differs();
  }

  readonly depth: number;
  readonly expanded: boolean | null;
  readonly position: number;
  readonly siblings: number;
  readonly pinned: boolean;
  readonly author: string;
  readonly hasSecondLine: boolean;

  get params(): readonly (readonly [string, string])[] {
    const { differing } = this.group;
    return Object.entries(this.run.params).filter(([name]) =>
      differing.has(name)
    );
  }

  get metric(): LastValue | null {
    const { metric } = this.group;
    return this.run.metrics.find(it => it.name === metric) ?? null;
  }

  /** The same line of what is known of the run now. */
  of(run: RunLine): Row {
    return new Row(run, this.group, this);
  }

  /** Whether two lines look the same. */
  equals(other: Row): boolean {
    return (
      this.run === other.run &&
      this.group === other.group &&
      this.depth === other.depth &&
      this.expanded === other.expanded &&
      this.position === other.position &&
      this.siblings === other.siblings &&
      this.pinned === other.pinned &&
      this.author === other.author
    );
  }

  private _differs(): boolean {
    const { differing } = this.group;
    if (differing.size > 0) {
      for (const name in this.run.params) {
        if (differing.has(name)) {
          return true;
        }
      }
    }
    return false;
  }
}

/** What the lines are made of. */
export interface IListed {
  /** Runs that stay on top. */
  readonly pinned: readonly RunLine[];
  /** All others at the top level, newest first. */
  readonly runs: readonly RunLine[];
  /** Children of an opened run, as far as they are read. */
  readonly childrenOf: (id: string) => readonly RunLine[];
  /** Ids of opened runs. */
  readonly expanded: ReadonlySet<string>;
  /** How many there are at the top level, listed or not. */
  readonly total: number;
  /** Who looks. */
  readonly user: string;
}

/**
 * The lines of the list, children below their parent, whatever the depth.
 *
 * @param groupOf what the runs below a parent ('' for the top level) have in common, by experiment
 */
export function buildRows(
  listed: IListed,
  groupOf: (
    runs: readonly RunLine[],
    parent: string
  ) => ReadonlyMap<string, IGroup> = groupsOf
): Row[] {
  const { pinned, expanded, user } = listed;
  const rows: Row[] = [];
  const add = (
    runs: readonly RunLine[],
    parent: RunLine | null,
    depth: number
  ) => {
    const groups = groupOf(runs, parent?.id ?? '');
    // Of what is below a run, all that is listed is read at once.
    const known = parent === null ? listed.total : 0;
    runs.forEach((run, i) => {
      const isParent = run.child_count > 0;
      const open = isParent && expanded.has(run.id);
      rows.push(
        new Row(run, groups.get(run.experiment)!, {
          depth,
          expanded: isParent ? open : null,
          position: i + 1,
          siblings: Math.max(runs.length, known),
          pinned: depth === 0 && i < pinned.length,
          author: user === '' || run.user === user ? '' : run.user
        })
      );
      if (open) {
        add(listed.childrenOf(run.id), run, depth + 1);
      }
    });
  };
  add([...pinned, ...listed.runs], null, 0);
  return rows;
}

/** What the runs of each experiment have in common. */
export function groupsOf(runs: readonly RunLine[]): Map<string, IGroup> {
  const members = new Map<string, RunLine[]>();
  for (const run of runs) {
    const list = members.get(run.experiment);
    if (list) {
      list.push(run);
    } else {
      members.set(run.experiment, [run]);
    }
  }
  const groups = new Map<string, IGroup>();
  members.forEach((list, experiment) => {
    groups.set(experiment, {
      differing: differingParams(list),
      metric: leadingMetric(list)
    });
  });
  return groups;
}

/**
 * Names of the parameters that do not have one value in all of the runs. Runs that record none are left out.
 */
export function differingParams(
  runs: readonly { readonly params: Readonly<Record<string, string>> }[]
): Set<string> {
  const first = new Map<string, string>();
  const counts = new Map<string, number>();
  const differing = new Set<string>();
  let recorded = 0;
  for (const { params } of runs) {
    let isEmpty = true;
    for (const name in params) {
      isEmpty = false;
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      if (count === 0) {
        first.set(name, params[name]);
      } else if (first.get(name) !== params[name]) {
        differing.add(name);
      }
    }
    recorded += isEmpty ? 0 : 1;
  }
  counts.forEach((count, name) => {
    if (count < recorded) {
      differing.add(name);
    }
  });
  return differing;
}

// What people look for first; anything else comes after, by name.
const LEADERS = [
  /(^|[^a-z])(val|valid|validation|test).*(acc|auc|f1|score|r2|map)/i,
  /(acc|auc|f1|score|r2)/i,
  /(val|valid|validation|test).*(loss|error|rmse|mse|mae)/i,
  /(loss|error|rmse|mse|mae)/i
];

interface IHasMetrics {
  readonly metrics: readonly { readonly name: string }[];
}

/**
 * The one metric that stands for runs in a list: one that many of them have, and the most telling of these.
 */
export function leadingMetric(runs: readonly IHasMetrics[]): string | null {
  return leadingMetrics(runs)[0] ?? null;
}

/** Names of the metrics that many of the runs have, the most telling first. */
export function leadingMetrics(runs: readonly IHasMetrics[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) {
    for (const { name } of run.metrics) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  let most = 0;
  counts.forEach(count => (most = Math.max(most, count)));
  const common = [...counts.keys()].filter(
    name => counts.get(name)! * 2 >= most
  );
  return common.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(name: string): number {
  const found = LEADERS.findIndex(pattern => pattern.test(name));
  return found < 0 ? LEADERS.length : found;
}

/** Height of a line in pixels. */
export function heightOf(row: IRow): number {
  return row.hasSecondLine ? ROW_HEIGHT_OF_TWO : ROW_HEIGHT;
}
