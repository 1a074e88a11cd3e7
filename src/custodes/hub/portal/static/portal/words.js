// The page's own words, from the catalogue that the hub serves.
export const say = (text) => (window.gettext ? window.gettext(text) : text);
export const sayCount = (one, many, n) =>
  (window.ngettext ? window.ngettext(one, many, n) : n === 1 ? one : many).replace("%s", String(n));
export const language = () => document.documentElement.lang || "en";
