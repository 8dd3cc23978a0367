// Markdown of an answer as elements. Raw HTML in it is shown as text, pictures become links, and what is left goes
// through the sanitiser. While the text grows, blocks that did not change stay as they are.
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { makeSnippet } from "./code_view.js";
import { copyButton, h } from "./dom.js";

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    code: ({ text, lang }) => `<pre><code class="${escapeHtml(lang ?? "")}">${escapeHtml(text)}</code></pre>`,
  },
});

const rules = {
  ALLOWED_TAGS: [
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
  ],
  ALLOWED_ATTR: ["align", "class", "href", "start", "title"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_DOM_FRAGMENT: true,
};

// Headings of an answer stand below those of the page.
function lowerHeadings(block) {
  for (const heading of block.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Math.min(Number(heading.tagName[1]) + 2, 6);
    heading.replaceWith(h(`h${level}`, { class: `level-${heading.tagName[1]}` }, [...heading.childNodes]));
  }
}

function dressCode(block, makeDiffView) {
  for (const pre of block.querySelectorAll("pre")) {
    const text = pre.textContent;
    const language = pre.firstElementChild?.className.split(/[\s,{]/)[0].toLowerCase() ?? "";
    const isDiff = (language === "diff" || language === "patch") && /^@@ /m.test(text);
    if (isDiff) {
      pre.replaceWith(makeDiffView(text));
      continue;
    }
    const head = h("header", { class: "card-head" }, h("span", {}, language), h("span", { class: "spacer" }), copyButton("Copy the code", () => text));
    pre.replaceWith(h("div", { class: "card snippet" }, head, makeSnippet(text, language)));
  }
}

function dressRest(block) {
  for (const link of block.querySelectorAll("a")) {
    if (!link.hasAttribute("href")) {
      link.replaceWith(...link.childNodes);
      continue;
    }
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  for (const table of block.querySelectorAll("table")) {
    const frame = h("div", { class: "table-frame", tabindex: 0, role: "region", "aria-label": "Table" });
    table.replaceWith(frame);
    frame.append(table);
  }
}

export class MarkdownView {
  #blocks = []; // {raw, element}

  // `dress(block)` is called for each new block; `makeDiffView(patch)` gives what stands for a diff.
  constructor(element, { dress, makeDiffView }) {
    this.element = element;
    this.dress = dress;
    this.makeDiffView = makeDiffView;
  }

  render(text) {
    const tokens = marked.lexer(text);
    const shown = tokens.filter((token) => token.type !== "space" && token.type !== "def");
    const links = tokens.links;
    shown.forEach((token, index) => {
      if (this.#blocks[index]?.raw === token.raw) return;
      const element = this.#makeBlock(token, links);
      if (this.#blocks[index]) this.#blocks[index].element.replaceWith(element);
      else this.element.append(element);
      this.#blocks[index] = { raw: token.raw, element };
    });
    for (const { element } of this.#blocks.splice(shown.length)) element.remove();
  }

  // Makes all blocks again: what `dress` knows has changed.
  renderAnew(text) {
    for (const { element } of this.#blocks.splice(0)) element.remove();
    this.render(text);
  }

  #makeBlock(token, links) {
    const list = [token];
    list.links = links;
    const block = h("div", { class: "block" }, DOMPurify.sanitize(marked.parser(list), rules));
    lowerHeadings(block);
    dressCode(block, this.makeDiffView);
    dressRest(block);
    this.dress(block);
    return block;
  }
}
