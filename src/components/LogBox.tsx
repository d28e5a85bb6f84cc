import * as React from 'react';

/** Lines of a log in a box that follows them as they grow, unless somebody scrolled up to read. */
export function LogBox(props: { text: string; label: string }): JSX.Element {
  const { text } = props;
  const box = React.useRef<HTMLPreElement>(null);
  const follows = React.useRef(true);
  React.useLayoutEffect(() => {
    const element = box.current;
    if (element && follows.current) {
      element.scrollTop = element.scrollHeight;
    }
  }, [text]);
  return (
    <pre
      className="jp-mlws-log"
      ref={box}
      tabIndex={0}
      aria-label={props.label}
      onScroll={event => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        follows.current = scrollHeight - scrollTop - clientHeight < 8;
      }}
    >
      {text}
    </pre>
  );
}
