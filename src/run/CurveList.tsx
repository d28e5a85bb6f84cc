import * as React from 'react';

import { Legend } from '../charts/Legend';
import { LineChart } from '../charts/LineChart';
import { Toolbar } from '../charts/Toolbar';
import { browserStorage, ChartView } from '../charts/view';
import { Finder } from '../components/Finder';
import { Button } from '../components/empty';
import { useSignal } from '../components/model';
import { escapeControls, Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Curves } from './curves';
import { IFinding, useFinding } from './finding';
import { groupsOf, IMetricGroup, SYSTEM } from './metricNames';

/** From so many charts on a field finds one by its name. */
const MANY = 7;
/** So many charts of a group have a place in the page until more are asked for, and so many groups. */
const AT_ONCE = 200;
const GROUPS_AT_ONCE = 100;
/** Groups are open until so many charts have a place. */
const IN_PLACE = 1000;

/**
 * A chart for each metric, of one run or of those below it. One that nobody sees is not read and not drawn.
 */
export function CurveList(props: {
  curves: Curves;
  /** Only these, without anything around them; all with their options where they are left out. */
  metrics?: readonly { readonly name: string }[];
}): JSX.Element {
  const { curves, metrics } = props;
  useSignal(curves.changed);
  React.useEffect(() => {
    const watch = curves.watch();
    return () => watch.dispose();
  }, [curves]);
  const [view] = React.useState(
    () => new ChartView(metrics ? null : browserStorage())
  );
  return metrics ? (
    <div className="jp-mlws-curves">
      <Grid
        curves={curves}
        view={view}
        names={metrics.map(it => it.name)}
        highlighted={null}
      />
    </div>
  ) : (
    <AllCurves curves={curves} view={view} />
  );
}

function AllCurves(props: { curves: Curves; view: ChartView }): JSX.Element {
  const trans = useTranslation();
  const { curves, view } = props;
  const [query, setQuery] = React.useState('');
  const [chosen, setChosen] = React.useState<string | null>(null);
  const [pointed, setPointed] = React.useState<string | null>(null);
  const [most, setMost] = React.useState(GROUPS_AT_ONCE);
  const { names, runs, cut } = curves;
  const finding = useFinding(curves, query);
  const groups = React.useMemo(() => groupsOf(finding.names), [finding.names]);
  if (names.length === 0) {
    return <></>;
  }
  return (
    <div className="jp-mlws-curves">
      <div className="jp-mlws-curve-bar">
        {names.length >= MANY && (
          <Finder
            label={trans.__('Find a metric')}
            query={query}
            onQuery={setQuery}
          />
        )}
        <Toolbar view={view} />
      </div>
      {runs.length > 1 && (
        <Legend
          items={runs.map(({ id, label, style }) => ({
            key: id,
            label,
            style
          }))}
          chosen={chosen}
          onChoose={setChosen}
          onPoint={setPointed}
        />
      )}
      {curves.left > 0 && (
        <p className="jp-mlws-hint">
          {trans.__(
            'The first %1 runs are drawn, %2 are not.',
            runs.length,
            curves.left
          )}
        </p>
      )}
      {cut && query === '' && (
        <p className="jp-mlws-hint">
          {trans.__(
            'The first %1 of %2 metrics are listed. Find the others by their names.',
            cut.listed.toLocaleString(),
            cut.total.toLocaleString()
          )}
        </p>
      )}
      {query !== '' && <FindingHint finding={finding} />}
      {inPlace(groups.slice(0, most)).map(({ group, isEarly }) => (
        <Group
          key={group.name}
          curves={curves}
          view={view}
          group={group}
          isEarly={isEarly}
          isSearched={query !== ''}
          highlighted={pointed ?? chosen}
        />
      ))}
      {groups.length > most && (
        <Button minimal onClick={() => setMost(most + GROUPS_AT_ONCE)}>
          {trans.__('Show more groups (%1)', groups.length - most)}
        </Button>
      )}
    </div>
  );
}

/** Groups, and which of them are open at first: charts that have a place cost something, even unseen. */
function inPlace(
  groups: readonly IMetricGroup[]
): { group: IMetricGroup; isEarly: boolean }[] {
  let room = IN_PLACE;
  return groups.map(group => {
    const isEarly = room > 0;
    room -= Math.min(AT_ONCE, group.metrics.length);
    return { group, isEarly };
  });
}

/** What there is to say of a search. */
function FindingHint(props: { finding: IFinding }): JSX.Element {
  const trans = useTranslation();
  const { names, isMore, isSearching, error } = props.finding;
  let text = '';
  if (error) {
    text = escapeControls(`${error.message} ${error.hint}`.trim());
  } else if (isMore) {
    text = trans.__(
      'The first %1 that were found. More of the name finds fewer.',
      names.length
    );
  } else if (names.length === 0) {
    text = isSearching
      ? trans.__('Searching…')
      : trans.__('No metric has a name like that.');
  }
  return text === '' ? (
    <></>
  ) : (
    <p className="jp-mlws-hint" role="status">
      {text}
    </p>
  );
}

interface IListProps {
  curves: Curves;
  view: ChartView;
  /** Key of the run that stands out in all charts. */
  highlighted: string | null;
}

/** Metrics that stand together; closed ones have no charts. What the machine did is closed at first. */
function Group(
  props: IListProps & {
    group: IMetricGroup;
    isEarly: boolean;
    isSearched: boolean;
  }
): JSX.Element {
  const trans = useTranslation();
  const { group, isEarly } = props;
  const isSystem = `${group.name}/` === SYSTEM;
  const [isOpen, setOpen] = React.useState(!isSystem && isEarly);
  // What was found is shown, as far as there is room.
  const isSearched = props.isSearched && isEarly;
  const [most, setMost] = React.useState(AT_ONCE);
  const names = group.metrics.slice(0, most);
  const left = group.metrics.length - names.length;
  const charts = (
    <>
      <Grid {...props} names={names} />
      {left > 0 && (
        <Button minimal onClick={() => setMost(most + AT_ONCE)}>
          {trans.__('Show more (%1)', left)}
        </Button>
      )}
    </>
  );
  if (group.name === '') {
    return charts;
  }
  return (
    <details
      className="jp-mlws-curve-group"
      open={isOpen || isSearched}
      onToggle={event => {
        if (!isSearched) {
          setOpen(event.currentTarget.open);
        }
      }}
    >
      <summary>
        {isSystem ? trans.__('System') : <Text value={group.name} />}{' '}
        <span className="jp-mlws-curve-count">{group.metrics.length}</span>
      </summary>
      {(isOpen || isSearched) && charts}
    </details>
  );
}

function Grid(props: IListProps & { names: readonly string[] }): JSX.Element {
  return (
    <div className="jp-mlws-curve-grid">
      {props.names.map(name => (
        <CurveChart
          key={name}
          curves={props.curves}
          view={props.view}
          highlighted={props.highlighted}
          name={name}
        />
      ))}
    </div>
  );
}

const CurveChart = React.memo(function CurveChart(
  props: IListProps & { name: string }
): JSX.Element {
  const { curves, name, view } = props;
  const host = React.useRef<HTMLElement>(null);
  const seen = useSeen(host);
  const curve = seen ? curves.get(name) : null;
  React.useEffect(() => {
    const want = curve?.want();
    return () => want?.dispose();
  }, [curve]);
  return (
    <section
      className="jp-mlws-metrics"
      ref={host}
      data-metric={escapeControls(name)}
    >
      <h3 className="jp-mlws-heading">
        <Text value={name} />
      </h3>
      {curve && (
        <LineChart source={curve} view={view} highlighted={props.highlighted} />
      )}
    </section>
  );
});

/** Whether an element is in sight, or nearly. */
function useSeen(host: React.RefObject<HTMLElement>): boolean {
  const [seen, setSeen] = React.useState(false);
  React.useEffect(() => {
    const element = host.current;
    return element ? follow(element, setSeen) : undefined;
  }, [host]);
  return seen;
}

/** One observer for all: a list of a thousand charts asks the browser once. */
function follow(element: Element, onSeen: (seen: boolean) => void): () => void {
  observer ??= new IntersectionObserver(
    entries =>
      entries.forEach(it => FOLLOWED.get(it.target)?.(it.isIntersecting)),
    { rootMargin: '200px' }
  );
  FOLLOWED.set(element, onSeen);
  observer.observe(element);
  return () => {
    FOLLOWED.delete(element);
    observer?.unobserve(element);
  };
}

let observer: IntersectionObserver | null = null;
const FOLLOWED = new WeakMap<Element, (seen: boolean) => void>();
