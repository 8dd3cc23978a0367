// Files that the index leaves out, and why.
import { h, replaceChildren } from "./dom.js";
import { formatCount } from "./format.js";

const pageSize = 100;
const reasons = {
  ignored: "ignored by a rule",
  secret: "may hold secrets",
  binary: "binary",
  too_large: "too large",
  generated: "generated or installed",
  nested_repository: "a repository of its own",
  not_a_file: "no regular file",
  unreadable: "can't be read",
};

export class SkippedList {
  #shown = 0;
  #path = null;

  constructor(api) {
    this.api = api;
    this.rows = h("tbody");
    this.summary = h("summary", {}, "Files that are left out");
    this.note = h("p", { class: "hint", role: "status" });
    this.more = h("button", { type: "button", class: "small-button", hidden: true, onclick: () => this.#loadMore() }, "More");
    const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "File or folder"), h("th", { scope: "col" }, "Why"), h("th", { scope: "col" }, "Rule or detail")));
    const table = h("div", { class: "table-frame", tabindex: 0, role: "region", "aria-label": "Files that are left out" }, h("table", {}, head, this.rows));
    this.element = h("details", { class: "skipped" }, this.summary, this.note, table, this.more);
    this.element.addEventListener("toggle", () => {
      if (this.element.open && this.#shown === 0) this.#loadMore();
    });
  }

  // `count` is that of the index; null = there is none.
  show(projectPath, count) {
    this.summary.textContent = count === null ? "Files that are left out" : `${formatCount(count, "file")} or folders left out, and why`.replace("1 file or folders", "1 file or folder");
    if (projectPath === this.#path) return;
    this.#path = projectPath;
    this.forget();
  }

  forget() {
    this.#shown = 0;
    this.element.open = false;
    this.more.hidden = true;
    this.note.textContent = "";
    replaceChildren(this.rows);
  }

  async #loadMore() {
    this.note.textContent = "Looking…";
    try {
      const query = { project_path: this.#path, limit: pageSize, offset: this.#shown };
      const { skipped, total } = await this.api.json("GET", "/project/skipped", { query });
      this.rows.append(...skipped.map(makeRow));
      this.#shown += skipped.length;
      this.note.textContent = total === 0 ? "Nothing is left out." : `${this.#shown.toLocaleString("en")} of ${total.toLocaleString("en")}`;
      this.more.hidden = this.#shown >= total || skipped.length === 0;
    } catch (error) {
      this.note.textContent = error.message;
    }
  }
}

function makeRow({ path, reason, detail, rule }) {
  const why = rule ? [h("code", {}, rule.pattern), ` in ${rule.file}, line ${rule.line}`] : detail;
  return h("tr", {}, h("td", { class: "path" }, path), h("td", {}, reasons[reason] ?? reason), h("td", {}, why));
}
