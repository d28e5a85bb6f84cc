import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { MetricSummary } from '../api';
import { MetricChart } from '../charts/MetricChart';
import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Curves } from './curves';

/** What a run's machine did is measured under this name; it stands below what the run itself logged. */
const SYSTEM = 'system/';
/** From so many charts on a field finds one by its name. */
const MANY = 7;

/** A chart for each metric. One that nobody sees is not read and not drawn. */
export function CurveList(props: {
  curves: Curves;
  metrics: readonly MetricSummary[];
}): JSX.Element {
  const trans = useTranslation();
  const { curves, metrics } = props;
  const [query, setQuery] = React.useState('');
  const shown = metrics.filter(it =>
    it.name.toLowerCase().includes(query.trim().toLowerCase())
  );
  const system = shown.filter(it => it.name.startsWith(SYSTEM));
  const own = shown.filter(it => !it.name.startsWith(SYSTEM));
  return (
    <div className="jp-mlws-curves">
      {metrics.length >= MANY && <Finder query={query} onQuery={setQuery} />}
      <Grid curves={curves} metrics={own} />
      {system.length > 0 && (
        <details className="jp-mlws-more">
          <summary>{trans.__('System (%1)', system.length)}</summary>
          <Grid curves={curves} metrics={system} />
        </details>
      )}
      {shown.length === 0 && metrics.length > 0 && (
        <p className="jp-mlws-hint" role="status">
          {trans.__('No metric has a name like that.')}
        </p>
      )}
    </div>
  );
}

function Finder(props: {
  query: string;
  onQuery: (query: string) => void;
}): JSX.Element {
  const trans = useTranslation();
  const label = trans.__('Find a metric');
  return (
    <div className="jp-mlws-search">
      <searchIcon.react tag="span" width="14px" height="14px" />
      <input
        type="search"
        value={props.query}
        placeholder={label}
        aria-label={label}
        onChange={event => props.onQuery(event.target.value)}
      />
    </div>
  );
}

function Grid(props: {
  curves: Curves;
  metrics: readonly MetricSummary[];
}): JSX.Element {
  return (
    <div className="jp-mlws-curve-grid">
      {props.metrics.map(it => (
        <Curve key={it.name} curves={props.curves} name={it.name} />
      ))}
    </div>
  );
}

function Curve(props: { curves: Curves; name: string }): JSX.Element {
  const { curves, name } = props;
  const host = React.useRef<HTMLElement>(null);
  const seen = useSeen(host);
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    if (!seen) {
      return;
    }
    const slot = (_: unknown, changed: string) => {
      if (changed === name) {
        redraw();
      }
    };
    curves.changed.connect(slot);
    const want = curves.want(name);
    return () => {
      want.dispose();
      curves.changed.disconnect(slot);
    };
  }, [curves, name, seen]);
  const points = curves.get(name);
  return (
    <section className="jp-mlws-metrics" ref={host}>
      <h3 className="jp-mlws-heading">
        <Text value={name} />
      </h3>
      {seen && <MetricChart points={points} count={points.count} />}
    </section>
  );
}

/** Whether an element is in sight, or nearly. */
function useSeen(host: React.RefObject<HTMLElement>): boolean {
  const [seen, setSeen] = React.useState(false);
  React.useEffect(() => {
    const element = host.current;
    if (!element) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => setSeen(entries[entries.length - 1].isIntersecting),
      { rootMargin: '200px' }
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return seen;
}
