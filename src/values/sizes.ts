/** Types whose values are looked through one by one, and how many of them are read at a time. */
export const SERIES: Readonly<Record<string, number>> = {
  text: 10,
  histogram: 50,
  image: 50,
  figure: 50,
  audio: 50
};
