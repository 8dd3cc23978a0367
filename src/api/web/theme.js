// Light and dark: as the system has it, or as chosen.
import { icon } from "./dom.js";
import { browserStorage } from "./storage.js";

const storageKey = "codehelper-theme";
const labels = { system: "as the system", light: "light", dark: "dark" };
const themes = Object.keys(labels);

export function setUpTheme(button) {
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.replaceChildren(icon(theme));
    button.setAttribute("aria-label", `Theme: ${labels[theme]}`);
    button.title = `Theme: ${labels[theme]}`;
  };
  const stored = browserStorage.getItem(storageKey);
  apply(themes.includes(stored) ? stored : "system");
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
    browserStorage.setItem(storageKey, next);
    apply(next);
  });
}
