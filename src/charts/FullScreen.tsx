import * as React from 'react';

import { Text } from '../components/text';
import { useTranslation } from '../components/translation';
import { Sign } from './icons';
import { LineChart } from './LineChart';
import { IChartSource } from './source';
import { Toolbar } from './Toolbar';
import { ChartView } from './view';

/** A chart over all of the window, with its options; Escape brings back what was there. */
export function FullScreen(props: {
  source: IChartSource;
  view: ChartView;
  onClose: () => void;
}): JSX.Element {
  const trans = useTranslation();
  const { source, view, onClose } = props;
  const dialog = React.useRef<HTMLDialogElement>(null);
  const title = React.useId();
  React.useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>('[role=img]')?.focus();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="jp-mlws-chart-dialog jp-mlws-surface"
      aria-labelledby={title}
      // Keys that mean something in Lab mean nothing to it here.
      data-lm-suppress-shortcuts="true"
      onKeyDown={event => event.stopPropagation()}
      onClose={onClose}
    >
      <header>
        <h2 id={title}>
          <Text value={source.name} />
        </h2>
        <Toolbar view={view} />
        <button
          type="button"
          className="jp-mlws-chart-button"
          title={trans.__('Close')}
          aria-label={trans.__('Close')}
          onClick={() => dialog.current?.close()}
        >
          <Sign name="close" />
        </button>
      </header>
      <LineChart
        source={source}
        view={view}
        onClose={() => dialog.current?.close()}
      />
    </dialog>
  );
}
