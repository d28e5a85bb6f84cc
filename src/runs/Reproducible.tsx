import * as React from 'react';

import { Reason, Reproducibility } from '../api';
import { Sign, SignKind } from '../components/status';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';

/** Whether the run can be done again, and what may come out otherwise. */
export function Reproducible(props: {
  record: Reproducibility | null;
}): JSX.Element | null {
  const trans = useTranslation();
  const { record } = props;
  if (record === null) {
    return null;
  }
  return (
    <section className="jp-mlws-reproducible" data-can={record.can}>
      <h4 className="jp-mlws-heading">{trans.__('Reproducibility')}</h4>
      <Verdict record={record} />
      <Reasons reasons={record.reasons} />
    </section>
  );
}

/** The answer in one sentence. */
export function Verdict(props: { record: Reproducibility }): JSX.Element {
  const trans = useTranslation();
  const { can, secrets } = props.record;
  const reasons = props.record.reasons.filter(it => it.code !== 'secrets');
  const [sign, words]: [SignKind, string] = isFromOutside(props.record)
    ? [
        'dot',
        trans.__('The workspace did not start it, so it cannot repeat it.')
      ]
    : !can
      ? ['bad', trans.__('It cannot be done again as it is.')]
      : reasons.length > 0
        ? ['warn', trans.__('It can be done again, but for what stands below.')]
        : secrets.length > 0
          ? [
              'good',
              trans.__('It can be done again once its secrets are given.')
            ]
          : [
              'good',
              trans.__(
                'It can be done again; nothing is known that would make a difference.'
              )
            ];
  return (
    <p className="jp-mlws-verdict">
      <Sign kind={sign} />
      <span>{words}</span>
    </p>
  );
}

/** Whether a kernel or another process logged the run by itself: nothing is wrong with it, there is just no job to start. */
function isFromOutside({ reasons }: Reproducibility): boolean {
  return reasons.some(it => it.code === 'not_submitted');
}

/** What stands in the way first, then what may make a difference. */
export function Reasons(props: {
  reasons: readonly Reason[];
}): JSX.Element | null {
  const trans = useTranslation();
  const { reasons } = props;
  return reasons.length === 0 ? null : (
    <ul
      className="jp-mlws-reasons"
      role="list"
      aria-label={trans.__('What stands between the run and the same again')}
    >
      {reasons.map((reason, i) => (
        <li key={i} data-code={reason.code} data-blocks={reason.blocks}>
          <Sign
            kind={
              reason.blocks && reason.code !== 'not_submitted' ? 'bad' : 'dot'
            }
          />
          <span>
            {escapeControls(reason.sentence)}
            {reason.hint !== '' && (
              <span className="jp-mlws-hint">
                {' '}
                {escapeControls(reason.hint)}
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
