import {
  AccordionToolbar,
  ReactWidget,
  SidePanel
} from '@jupyterlab/ui-components';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Message, MessageLoop } from '@lumino/messaging';
import { AccordionPanel, Title, Widget } from '@lumino/widgets';
import * as React from 'react';

import { Compute, Model, Secret } from '../api';
import { keepFocus } from '../components/focus';
import { workspaceIcon } from '../components/icons';
import { DOMAIN, Translation } from '../components/translation';
import { ComputeList } from '../compute/ComputeList';
import { ComputeModel } from '../compute/model';
import { usageText } from '../compute/usage';
import { IEnvironmentActions } from '../environments/EnvironmentDetail';
import { EnvironmentList } from '../environments/EnvironmentList';
import { IEnvironmentEntry, LocksModel } from '../environments/model';
import { IExperimentActions } from '../experiments/ExperimentLine';
import { ExperimentList } from '../experiments/ExperimentList';
import { ExperimentsModel } from '../experiments/model';
import { KernelNotice } from '../kernels/model';
import { ListModel } from '../model/list';
import { ModelList, OnDownloadModel } from '../models/ModelList';
import { SecretList } from '../secrets/SecretList';
import { IWorkspaceConnection } from '../tokens';
import { Header, ISwitcher } from '../workspace/Header';
import { Bests } from './bests';
import { Fitting } from './fitting';
import { NoRuns } from './NoRuns';
import { RunListModel } from './model';
import { OnRunAction } from './RunActions';
import { RunList } from './RunList';
import { Sparklines } from './sparklines';

/** The runs are open from the start, the sections from here on are not. */
const CLOSED = 1;
/** What is told beside the name of a section. */
const FACT = 'jp-mlws-section-fact';
const SIZES = [10, 3, 3, 4, 3, 3];

/**
 * The left panel. Its models are awake while it is on screen, and asleep otherwise.
 */
export class WorkspacePanel extends SidePanel {
  constructor(private readonly _options: WorkspacePanel.IOptions) {
    super({ translator: _options.translator, renderer: new Renderer() });
    const trans = (_options.translator ?? nullTranslator).load(DOMAIN);
    this.id = 'jp-mlws-panel';
    this.addClass('jp-mlws-surface');
    this.addClass('jp-mlws-panel');
    this.title.icon = workspaceIcon;
    this.title.caption = trans.__('ML Workspace');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('ML Workspace'));
    this.node.tabIndex = -1;
    keepFocus(this.node);

    this.header.addWidget(this._create(this._renderHeader()));
    this._addSection(trans.__('Runs'), 'runs', this._renderRuns());
    const experiments = this._addSection(
      trans.__('Experiments'),
      'experiments',
      <ExperimentList
        model={_options.experiments}
        actions={{
          ..._options.experimentActions,
          onShow: name => this._showRunsOf(name)
        }}
      />
    );
    this._models = this._addSection(
      trans.__('Models'),
      'models',
      <ModelList
        model={_options.models}
        onDownload={_options.onDownloadModel}
      />
    );
    const environments = this._addSection(
      trans.__('Environments'),
      'environments',
      <EnvironmentList
        model={_options.environments}
        locks={_options.locks}
        actions={_options.environmentActions}
      />
    );
    this._compute = this._addSection(
      trans.__('Compute'),
      'compute',
      <ComputeList model={_options.compute} onOpenRun={_options.onOpenRun} />
    );
    const secrets = this._addSection(
      trans.__('Secrets'),
      'secrets',
      <SecretList
        model={_options.secrets}
        onAdd={_options.onAddSecret}
        onDelete={_options.onDeleteSecret}
      />
    );
    this._lists = [
      [experiments, _options.experiments],
      [this._models, _options.models],
      [environments, _options.environments],
      [this._compute, _options.compute],
      [secrets, _options.secrets]
    ];
    const content = this.content as AccordionPanel;
    for (let i = CLOSED; i < content.widgets.length; i++) {
      content.collapse(i);
    }
    content.setRelativeSizes(SIZES);
    content.expansionToggled.connect(this._updateActive, this);
    this._fittings = this._lists.map(
      ([section]) => new Fitting(section, () => content.fit())
    );
    _options.connection.stateChanged.connect(this._updateTitles, this);
    _options.usage.changed.connect(this._updateTitles, this);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.connection.stateChanged.disconnect(this._updateTitles, this);
    this._options.usage.changed.disconnect(this._updateTitles, this);
    this._setWatching(false);
    this._fittings.forEach(it => it.dispose());
    super.dispose();
  }

  protected onBeforeShow(msg: Message): void {
    super.onBeforeShow(msg);
    this._setWatching(true);
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._sizes.observe(this.content.node);
    this._setWatching(this.isVisible);
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._setWatching(false);
  }

  protected onBeforeDetach(msg: Message): void {
    this._setWatching(false);
    this._sizes.disconnect();
    super.onBeforeDetach(msg);
  }

  /** Whoever comes by the keyboard begins with the search, from which Tab leads to the list. */
  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.querySelector<HTMLElement>('.jp-mlws-search input')?.focus();
  }

  private _setWatching(watching: boolean): void {
    if (watching === (this._watch !== null)) {
      return;
    }
    this._watch?.dispose();
    this._watch = watching ? this._options.connection.watch() : null;
    this._updateActive();
  }

  private _updateActive(): void {
    const { runs, kernel, usage } = this._options;
    const watching = this._watch !== null;
    runs.active = watching;
    usage.active = watching;
    if (kernel) {
      kernel.active = watching;
    }
    for (const [section, list] of this._lists) {
      list.active = watching && !section.isHidden;
    }
  }

  /** Runs that are asked for are seen, also where their section was closed. */
  private _showRunsOf(experiment: string): void {
    (this.content as AccordionPanel).expand(0);
    this._options.experiments.show(experiment);
  }

  /** A closed section says how much is in it. */
  private _updateTitles(): void {
    const { connection, usage } = this._options;
    const count = connection.info?.model_count ?? 0;
    this._tellInTitle(this._models, count > 0 ? String(count) : '');
    this._tellInTitle(this._compute, usageText(usage.items));
  }

  /** Lumino makes another title for each label, from which focus and press are lost: only this part changes. */
  private _tellInTitle(section: Widget, words: string): void {
    const { titles, widgets } = this.content as AccordionPanel;
    const title = titles[widgets.indexOf(section)];
    const fact = title.querySelector(`.${FACT}`)!;
    const text = words === '' ? '' : ` ${words}`;
    if (fact.textContent !== text) {
      fact.textContent = text;
    }
  }

  private _renderHeader(): JSX.Element {
    const { connection, runs, kernel, switcher } = this._options;
    return (
      <Header
        connection={connection}
        runs={runs}
        kernel={kernel}
        switcher={switcher}
      />
    );
  }

  private _renderRuns(): JSX.Element {
    const { connection, runs, sparklines, bests } = this._options;
    return (
      <RunList
        model={runs}
        sparklines={sparklines}
        bests={bests}
        onCancel={id => this._options.onAction('cancel', id)}
        onOpen={this._options.onOpenRun}
        onDelete={this._options.onDeleteSelected}
        empty={() => (
          <NoRuns
            connection={connection}
            runs={runs}
            onOpenExample={this._options.onOpenExample}
          />
        )}
      />
    );
  }

  private _addSection(label: string, name: string, view: JSX.Element): Widget {
    const widget = this._create(view);
    widget.addClass('jp-mlws-section');
    widget.title.label = label;
    widget.title.dataset = { section: name };
    widget.node.dataset.section = name;
    this.addWidget(widget);
    return widget;
  }

  private _create(view: JSX.Element): ReactWidget {
    const trans = (this._options.translator ?? nullTranslator).load(DOMAIN);
    return ReactWidget.create(
      <Translation.Provider value={trans}>{view}</Translation.Provider>
    );
  }

  /** What is read while its section is open. */
  private _lists: readonly (readonly [Widget, { active: boolean }])[];
  private _compute: Widget;
  private _models: Widget;
  private _fittings: readonly Fitting[];
  /** What the header says comes and goes, and the sections have the rest of the height: Lumino does not see it. */
  private _sizes = new ResizeObserver(() =>
    MessageLoop.postMessage(this.content, Widget.ResizeMessage.UnknownSize)
  );
  private _watch: IDisposable | null = null;
}

export namespace WorkspacePanel {
  export interface IOptions {
    connection: IWorkspaceConnection;
    runs: RunListModel;
    sparklines: Sparklines;
    bests: Bests;
    experiments: ExperimentsModel;
    experimentActions: Omit<IExperimentActions, 'onShow'>;
    models: ListModel<Model>;
    environments: ListModel<IEnvironmentEntry>;
    locks: LocksModel;
    environmentActions: IEnvironmentActions;
    compute: ComputeModel;
    /** How busy the targets are, for the section's title. */
    usage: ListModel<Compute>;
    secrets: ListModel<Secret>;
    kernel: KernelNotice | null;
    switcher: ISwitcher;
    onAction: OnRunAction;
    onDownloadModel: OnDownloadModel;
    /** @throws ApiError */
    onAddSecret: (name: string, value: string) => Promise<void>;
    onDeleteSecret: (secret: Secret) => void;
    onOpenRun: (run: string) => void;
    onDeleteSelected: () => void;
    onOpenExample: () => void;
    translator?: ITranslator;
  }
}

/** Section titles open and close, so they are buttons to assistive tools, and headings to nobody. */
class Renderer extends AccordionToolbar.Renderer {
  createSectionTitle(data: Title<Widget>): HTMLElement {
    const heading = super.createSectionTitle(data);
    const title = document.createElement('div');
    for (const { name, value } of Array.from(heading.attributes)) {
      title.setAttribute(name, value);
    }
    title.setAttribute('role', 'button');
    title.append(...Array.from(heading.childNodes));
    const fact = document.createElement('span');
    fact.className = FACT;
    title.querySelector('.lm-AccordionPanel-titleLabel')?.append(fact);
    return title;
  }
}
