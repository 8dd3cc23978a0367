// Citations in the text of an answer, `path:12-34` or `path:12`, made into links to the evidence.
import { h } from "./dom.js";
import { formatLines } from "./format.js";

export function nameSource(source) {
  return `${source.path}:${formatLines(source)}`;
}

// The path with its folders in a quieter colour.
export function makePlace(path, lines) {
  const slash = path.lastIndexOf("/") + 1;
  return [h("span", { class: "folders" }, path.slice(0, slash)), h("span", { class: "file" }, path.slice(slash)), h("span", { class: "lines" }, `:${lines}`)];
}

// The source that shows these lines best: it has them all, or some of them.
export function findSource(sources, path, start, end) {
  const ofFile = sources.filter((source) => source.path === path);
  return (
    ofFile.find((source) => source.start_line === start && source.end_line === end) ??
    ofFile.find((source) => source.start_line <= start && source.end_line >= end) ??
    ofFile.find((source) => source.start_line <= end && source.end_line >= start)
  );
}

function makePattern(paths) {
  const known = paths.toSorted((a, b) => b.length - a.length).map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const place = known.length > 0 ? `(?:${known.join("|")}|[\\w@.+/-]+)` : "[\\w@.+/-]+";
  return new RegExp(`(?<![\\w@.+/-])(${place}):(\\d+)(?:-(\\d+))?(?![\\w:]|\\.\\d)( \\[unverified\\])?`, "g");
}

// Replaces the citations below `root`; `makeLink(source, label nodes)` gives the element for one that has a source.
export function linkCitations(root, sources, makeLink) {
  const pattern = makePattern([...new Set(sources.map((source) => source.path))]);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest("pre, a, .citation") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const node of texts) linkText(node, pattern, sources, makeLink);
  for (const code of root.querySelectorAll("code:has(> .citation:only-child)")) {
    if (code.textContent === code.firstElementChild.textContent) code.replaceWith(code.firstElementChild);
  }
  for (const mark of root.querySelectorAll(".citation")) markUnverified(mark);
}

function linkText(node, pattern, sources, makeLink) {
  const text = node.data;
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, path, first, last, unverified] = match;
    const start = Number(first);
    const source = findSource(sources, path, start, Number(last ?? first));
    if (!source && !unverified) continue;
    const label = makePlace(path, last ? `${first}-${last}` : first);
    parts.push(text.slice(end, match.index), source ? makeLink(source, label) : h("span", { class: "citation" }, label));
    if (unverified) parts.push(makeBadge());
    end = match.index + whole.length;
  }
  if (parts.length > 0) node.replaceWith(...parts, text.slice(end));
}

// The note of the server stands behind the code that a citation was written as.
function markUnverified(mark) {
  const next = mark.nextSibling;
  const note = next?.nodeType === Node.TEXT_NODE ? /^ \[unverified\]/.exec(next.data) : null;
  if (!note) return;
  next.data = next.data.slice(note[0].length);
  mark.after(makeBadge());
}

function makeBadge() {
  return h("span", { class: "badge unsure unverified" }, "unverified");
}
