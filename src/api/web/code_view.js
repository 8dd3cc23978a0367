// Code with its line numbers and, in its own colour, the lines that it is about.
import { h } from "./dom.js";
import { highlightLines } from "./highlighting.js";

// `cited`: first and last line of those that stand out, or null for none.
export function makeCode({ text, firstLine, language, cited, label }) {
  const lines = highlightLines(text, language).map((content, index) => {
    const number = firstLine + index;
    const isCited = cited !== null && number >= cited[0] && number <= cited[1];
    return h("span", { class: isCited ? "line cited" : "line", "data-line": number }, content, "\n");
  });
  return h("pre", { class: "code numbered", tabindex: 0, role: "region", "aria-label": label }, h("code", {}, lines));
}

// A block of an answer: no numbers.
export function makeSnippet(text, language) {
  const lines = highlightLines(text, language).flatMap((content) => [content, "\n"]);
  return h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": language ? `Code, ${language}` : "Code" }, h("code", {}, lines));
}
