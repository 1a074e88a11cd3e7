// The page's own words, from the catalogue that the hub serves.
export const say = (text) => (window.gettext ? window.gettext(text) : text);
export const sayCount = (one, many, n) =>
  (window.ngettext ? window.ngettext(one, many, n) : n === 1 ? one : many).replace("%s", String(n));
export const language = () => document.documentElement.lang || "en";
const figures = new Map();
// A number as the reader's language writes it: 1.8 in English, 1,8 in French; what rounds to nothing has no sign.
export const number = (value, digits) => {
  if (!figures.has(digits)) figures.set(digits, new Intl.NumberFormat(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }));
  return figures.get(digits).format(Number(value.toFixed(digits)) === 0 ? 0 : value);
};
