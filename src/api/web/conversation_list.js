// The conversations that the server keeps: find, open, rename, delete, export as Markdown.
import { h, iconButton, replaceChildren } from "./dom.js";
import { formatAge, formatCount } from "./format.js";

const pageSize = 50;
const typingPauseMilliseconds = 200;

export class ConversationList {
  #timer = 0;
  #asked = 0;

  // `actions`: onOpen(id), onNew(), onDeleted(id), announcer, showFault(text).
  constructor(element, api, actions) {
    this.api = api;
    this.actions = actions;
    this.openId = "";
    this.limit = pageSize;
    this.field = h("input", { type: "search", placeholder: "Find a conversation", "aria-label": "Find a conversation" });
    this.list = h("ul", { class: "conversation-items" });
    this.note = h("p", { class: "hint", role: "status" });
    this.more = h("button", { type: "button", class: "link-button", hidden: true, onclick: () => this.#showMore() }, "Older ones");
    element.append(
      h("div", { class: "list-head" }, h("h2", {}, "Conversations"), iconButton("plus", "New conversation", () => actions.onNew())),
      this.field,
      this.note,
      this.list,
      this.more,
    );
    this.field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), typingPauseMilliseconds);
    });
    element.addEventListener("keydown", (event) => this.#moveFocus(event));
  }

  async refresh() {
    const turn = ++this.#asked;
    const query = { text: this.field.value.trim() || undefined, limit: this.limit + 1 };
    let found;
    try {
      found = (await this.api.json("GET", "/conversations", { query })).conversations;
    } catch (error) {
      if (turn === this.#asked) this.note.textContent = `The conversations can't be listed: ${error.message}`;
      return;
    }
    if (turn !== this.#asked) return;
    this.more.hidden = found.length <= this.limit;
    this.note.textContent = found.length > 0 ? "" : query.text ? "None has that in its title or a question." : "None yet.";
    const focused = this.list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.id : null;
    replaceChildren(this.list, found.slice(0, this.limit).map((kept) => this.#makeItem(kept)));
    if (focused) this.list.querySelector(`[data-id="${CSS.escape(focused)}"] .conversation-link`)?.focus();
  }

  markOpen(id) {
    this.openId = id;
    for (const item of this.list.children) this.#mark(item);
  }

  #mark(item) {
    const link = item.querySelector(".conversation-link");
    if (item.dataset.id === this.openId) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }

  #showMore() {
    this.limit += pageSize;
    return this.refresh();
  }

  #makeItem(kept) {
    const about = `${formatAge(kept.updated_at)} · ${formatCount(kept.turns, "question")}`;
    const link = h(
      "a",
      { class: "conversation-link", href: `#/c/${encodeURIComponent(kept.id)}`, title: `${kept.title}\n${kept.project_path ?? ""}` },
      h("span", { class: "conversation-title" }, kept.title),
      h("span", { class: "conversation-about" }, about),
    );
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.actions.onOpen(kept.id);
    });
    const item = h(
      "li",
      { "data-id": kept.id },
      link,
      h(
        "span",
        { class: "item-actions" },
        iconButton("edit", `Rename “${kept.title}”`, () => this.#rename(item, kept)),
        iconButton("export", `Export “${kept.title}” as Markdown`, () => this.export(kept.id, kept.title)),
        iconButton("delete", `Delete “${kept.title}”`, () => this.#confirmDelete(item, kept)),
      ),
    );
    this.#mark(item);
    return item;
  }

  #rename(item, kept) {
    const field = h("input", { type: "text", value: kept.title, "aria-label": "New title", maxlength: 200 });
    const form = h("form", { class: "rename-form" }, field);
    const leave = () => this.refresh();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change("PATCH", kept, { title: field.value.trim() }, "Renamed.");
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      leave();
    });
    field.addEventListener("blur", leave);
    replaceChildren(item, form);
    field.select();
    field.focus();
  }

  #confirmDelete(item, kept) {
    const keep = h("button", { type: "button", class: "small-button", onclick: () => this.refresh() }, "Keep");
    const drop = h("button", { type: "button", class: "small-button danger", onclick: () => this.#change("DELETE", kept, undefined, "Deleted.") }, "Delete");
    replaceChildren(item, h("p", { class: "confirm" }, `Delete “${kept.title}” for good?`), h("span", { class: "actions" }, keep, drop));
    keep.focus();
  }

  async #change(method, kept, body, done) {
    try {
      await this.api.request(method, `/conversations/${encodeURIComponent(kept.id)}`, { body });
      if (method === "DELETE") this.actions.onDeleted(kept.id);
      this.actions.announcer.say(done);
    } catch (error) {
      this.actions.showFault(error.message);
    }
    await this.refresh();
  }

  async export(id, title) {
    try {
      const answer = await this.api.request("GET", `/conversations/${encodeURIComponent(id)}`, { query: { format: "markdown" }, headers: { Accept: "text/markdown" } });
      const url = URL.createObjectURL(await answer.blob());
      h("a", { href: url, download: `${title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "conversation"}.md` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      this.actions.showFault(error.message);
    }
  }

  #moveFocus(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...this.list.querySelectorAll(".conversation-link")];
    const at = links.indexOf(document.activeElement);
    if (at < 0 && document.activeElement !== this.field) return;
    event.preventDefault();
    const next = at < 0 && step < 0 ? -1 : at + step;
    (links[next] ?? (next < 0 ? this.field : null))?.focus();
  }
}
