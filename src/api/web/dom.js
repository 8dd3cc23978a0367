// Elements without markup text: nothing that comes from the wire is ever parsed as HTML here.

const svgNamespace = "http://www.w3.org/2000/svg";

// `properties`: attributes; those that begin with "on" are listeners; null, undefined and false are left out.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...keepNodes(children));
  return element;
}

export function replaceChildren(element, ...children) {
  element.replaceChildren(...keepNodes(children));
}

function keepNodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

// Paths on a grid of 16, drawn with a stroke of the text's colour.
const iconPaths = {
  ask: "M8 13V3M4 7l4-4 4 4",
  attach: "M13 7.5l-5.3 5.2a3.2 3.2 0 0 1-4.5-4.5l5.6-5.5a2.1 2.1 0 0 1 3 3l-5.5 5.4a1 1 0 0 1-1.5-1.4L9.6 5",
  check: "M3 8.5l3.2 3.2L13 5",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  delete: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9",
  down: "M4 6l4 4 4-4",
  edit: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z",
  export: "M8 2.5v7.5M5 7l3 3 3-3M3 13.5h10",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  find: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14",
  folder: "M2 4.5V13h12V5.5H8L6.5 3.5H2z",
  health: "M1.5 8.5h3l2-5 3 9 2-4h3",
  key: "M5 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM7.2 8L13 2.5M10.5 5l2 2",
  light: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.7M8 12.8v1.7M1.5 8h1.7M12.8 8h1.7M3.4 3.4l1.2 1.2M11.4 11.4l1.2 1.2M12.6 3.4l-1.2 1.2M4.6 11.4l-1.2 1.2",
  list: "M2.5 4h11M2.5 8h11M2.5 12h11",
  more: "M4 8h.01M8 8h.01M12 8h.01",
  plus: "M8 3v10M3 8h10",
  refresh: "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
  run: "M5 3l7.5 5L5 13z",
  stop: "M4.5 4.5h7v7h-7z",
  system: "M2 3h12v8H2zM5.5 13.5h5M8 11v2.5",
  up: "M4 10l4-4 4 4",
  warning: "M8 2.5L14.5 13.5h-13zM8 6.5v3M8 11.5h.01",
};

export function icon(name) {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svgNamespace, "path");
  path.setAttribute("d", iconPaths[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, properties = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...properties }, icon(name));
}

// Browsers have a clipboard only for pages that came over TLS or from the same machine: elsewhere a selection is copied.
async function copyText(text, button) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const holder = h("textarea", { class: "unseen", readonly: true });
  holder.value = text;
  button.after(holder); // in a dialog nothing else can be selected
  holder.select();
  const isCopied = document.execCommand("copy");
  holder.remove();
  button.focus();
  if (!isCopied) throw new Error("the browser copies nothing for this page");
}

// A button that puts `getText()` on the clipboard and says so for a moment.
export function copyButton(label, getText) {
  const button = iconButton("copy", label, async () => {
    const isCopied = await copyText(getText(), button).then(() => true, () => false);
    button.replaceChildren(icon(isCopied ? "check" : "warning"));
    button.setAttribute("aria-label", isCopied ? "Copied" : "The browser refuses to copy");
    setTimeout(() => {
      button.replaceChildren(icon("copy"));
      button.setAttribute("aria-label", label);
    }, 1500);
  });
  return button;
}

// A modal with its heading and a way out; `content` goes below.
export function makeDialog(title, { className = "", onclose } = {}, ...content) {
  const id = `dialog-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  const dialog = h("dialog", { class: `dialog ${className}`, "aria-labelledby": id, onclose });
  const close = iconButton("close", "Close", () => dialog.close());
  dialog.append(h("header", { class: "dialog-head" }, h("h2", { id }, title), close), ...keepNodes(content));
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
