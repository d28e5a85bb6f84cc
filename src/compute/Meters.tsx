import * as React from 'react';

import { ComputeLoad, toNumber } from '../api';
import { formatBytes } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';

/** From here on a machine has nothing to spare. */
const FULL = 90;

/** How busy a machine is, as bars. */
export function Meters(props: { load: ComputeLoad }): JSX.Element {
  const trans = useTranslation();
  const { load } = props;
  return (
    <div className="jp-mlws-meters">
      <Meter
        label={trans.__('CPU')}
        percent={toNumber(load.cpu_percent)}
        title={trans.__('%1 processors, used by anybody', load.cpus)}
      />
      <MemoryMeter
        label={trans.__('Memory')}
        used={load.memory_used_bytes}
        total={load.memory_total_bytes}
      />
      {load.gpus.map(gpu => (
        <React.Fragment key={gpu.index}>
          <Meter
            label={trans.__('GPU %1', gpu.index)}
            percent={toNumber(gpu.percent)}
            title={escapeControls(gpu.name)}
          />
          <MemoryMeter
            label={trans.__('GPU %1 memory', gpu.index)}
            used={gpu.memory_used_bytes}
            total={gpu.memory_total_bytes}
          />
        </React.Fragment>
      ))}
    </div>
  );
}

function MemoryMeter(props: {
  label: string;
  used: number;
  total: number;
}): JSX.Element {
  const trans = useTranslation();
  const { label, used, total } = props;
  return (
    <Meter
      label={label}
      percent={total > 0 ? (100 * used) / total : 0}
      text={formatBytes(used)}
      title={trans.__('%1 of %2', formatBytes(used), formatBytes(total))}
    />
  );
}

function Meter(props: {
  label: string;
  percent: number;
  text?: string;
  title: string;
}): JSX.Element {
  const trans = useTranslation();
  const percent = Math.round(Math.min(100, Math.max(0, props.percent)));
  const text = props.text ?? trans.__('%1 %', percent);
  return (
    <div
      className="jp-mlws-meter"
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={text}
      title={props.title}
    >
      <span className="jp-mlws-meter-label">{props.label}</span>
      <span className="jp-mlws-meter-bar" data-full={percent >= FULL}>
        <span style={{ width: `${percent}%` }} />
      </span>
      <span className="jp-mlws-meter-text">{text}</span>
    </div>
  );
}
