import * as React from 'react';
import { createRoot } from 'react-dom/client';

import { WithinText } from '../components/heading';
import { IWidgetModel, WidgetState } from './state';
import { followSurroundings, surroundingsOf } from './theme';
import { WidgetCard } from './WidgetCard';

/**
 * The view of a run's widget, for whatever draws widgets of Jupyter. scripts/build-widget.mjs makes one file of it, which
 * the kernel sends with the first widget.
 *
 * @returns what ends it
 */
function render(context: { model: IWidgetModel; el: HTMLElement }): () => void {
  const { model, el } = context;
  const state = new WidgetState(model);
  const root = createRoot(el);
  const draw = () => {
    const { isLab, isDark } = surroundingsOf(el.parentElement ?? el);
    // A chart asks for its colours once, so that another theme is another chart.
    root.render(
      <div
        key={String(isDark)}
        className={isLab ? '' : 'jp-mlws-elsewhere'}
        data-jp-theme-light={String(!isDark)}
      >
        <WithinText>
          <WidgetCard state={state} />
        </WithinText>
      </div>
    );
  };
  const stop = followSurroundings(draw);
  draw();
  return () => {
    stop();
    root.unmount();
    state.dispose();
  };
}

export default { render };
