import * as React from 'react';

/** What a list teaches whose things nobody has made yet: what they are, and the lines of code that make the first. */
export function Lesson(props: {
  about: string;
  recipe: string;
  /** What else belongs to it. */
  children?: React.ReactNode;
}): JSX.Element {
  return (
    <div className="jp-mlws-lesson">
      <p>{props.about}</p>
      <pre className="jp-mlws-recipe" tabIndex={0}>
        {props.recipe}
      </pre>
      {props.children}
    </div>
  );
}
