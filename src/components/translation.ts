import { nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** Domain of our strings. */
export const DOMAIN = 'jupyter_mlws';

/** The language of the page, for the components below. */
export const Translation = React.createContext<TranslationBundle>(
  nullTranslator.load(DOMAIN)
);

export function useTranslation(): TranslationBundle {
  return React.useContext(Translation);
}
