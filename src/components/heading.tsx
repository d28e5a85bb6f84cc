import * as React from 'react';

/** Whether what is drawn stands in the middle of somebody else's text, whose order of headings is its own. */
const Within = React.createContext(false);

/** What stands between the headings of a text: its titles are seen, and name what they stand above, but are none of these. */
export function WithinText(props: { children: React.ReactNode }): JSX.Element {
  return <Within.Provider value={true}>{props.children}</Within.Provider>;
}

/** A part with its title above it. */
export function Titled(props: {
  title: React.ReactNode;
  className?: string;
  /** By what comes before it on its page. */
  level?: 3 | 4;
  children: React.ReactNode;
}): JSX.Element {
  const { title, className, level = 4, children } = props;
  const Heading = `h${level}` as const;
  const id = React.useId();
  return React.useContext(Within) ? (
    <div role="group" aria-labelledby={id} className={className}>
      <div id={id} className="jp-mlws-heading">
        {title}
      </div>
      {children}
    </div>
  ) : (
    <section className={className}>
      <Heading className="jp-mlws-heading">{title}</Heading>
      {children}
    </section>
  );
}
