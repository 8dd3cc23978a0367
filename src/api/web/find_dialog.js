// Ctrl-K: conversations by their words, places in the code, and everything that the page can do.
import { makePlace } from "./citations.js";
import { h, icon, makeDialog, replaceChildren } from "./dom.js";
import { formatAge, formatLines } from "./format.js";

const typingPauseMilliseconds = 180;
const foundAtMost = 6;

export class FindDialog {
  #timer = 0;
  #asked = 0;
  #options = [];
  #active = 0;

  // `parts`: api, project, commands ({name, icon, run}), onConversation(id), onPlace(hit).
  constructor(parts) {
    Object.assign(this, parts);
    this.list = h("ul", { id: "find-list", role: "listbox", class: "options", "aria-label": "Found" });
    this.field = h("input", {
      type: "text", role: "combobox", autocomplete: "off", placeholder: "Find conversations, code, commands", "aria-label": "Find",
      "aria-expanded": "true", "aria-controls": "find-list", "aria-autocomplete": "list",
    });
    this.dialog = makeDialog("Find", { className: "find" }, h("div", { class: "dialog-body" }, this.field, this.list));
    document.body.append(this.dialog);
    this.field.addEventListener("input", () => this.#findSoon());
    this.field.addEventListener("keydown", (event) => this.#takeKey(event));
  }

  open() {
    if (this.dialog.open) return;
    this.field.value = "";
    this.dialog.showModal();
    this.field.focus();
    this.#find();
  }

  #findSoon() {
    clearTimeout(this.#timer);
    this.#show(this.#matchCommands());
    this.#timer = setTimeout(() => this.#find(), typingPauseMilliseconds);
  }

  async #find() {
    const turn = ++this.#asked;
    const text = this.field.value.trim();
    const found = await Promise.allSettled([this.#findConversations(text), this.#findPlaces(text)]);
    if (turn !== this.#asked) return;
    const faults = found.filter(({ status }) => status === "rejected").map(({ reason }) => reason.message);
    this.#show([...this.#matchCommands(), ...found.flatMap(({ value }) => value ?? [])], [...new Set(faults)]);
  }

  #matchCommands() {
    const words = this.field.value.trim().toLowerCase().split(/\s+/);
    const matches = this.commands.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
    return matches.map((command) => ({ group: "Commands", icon: command.icon, label: command.name, about: command.key ?? "", run: command.run }));
  }

  async #findConversations(text) {
    const query = { text: text || undefined, limit: foundAtMost };
    const { conversations } = await this.api.json("GET", "/conversations", { query });
    return conversations.map((kept) => ({ group: "Conversations", icon: "list", label: kept.title, about: formatAge(kept.updated_at), run: () => this.onConversation(kept.id) }));
  }

  async #findPlaces(text) {
    if (text.length < 2 || !this.project.path) return [];
    const body = { query: text, project_path: this.project.path, limit: foundAtMost };
    const { hits } = await this.api.json("POST", "/search", { body });
    return hits.map((hit) => ({ group: "Code", icon: "find", label: h("span", { class: "place" }, makePlace(hit.path, formatLines(hit))), about: hit.symbol ?? "", run: () => this.onPlace(hit) }));
  }

  #show(options, faults = []) {
    this.#options = options;
    const rows = [];
    options.forEach((option, index) => {
      if (option.group !== options[index - 1]?.group) rows.push(h("li", { role: "presentation", class: "option-group" }, option.group));
      const row = h("li", { id: `find-${index}`, role: "option", onclick: () => this.#run(index) }, icon(option.icon), h("span", { class: "option-label" }, option.label), h("span", { class: "option-about" }, option.about));
      rows.push(row);
    });
    rows.push(...faults.map((fault) => makeNote(icon("warning"), fault)));
    replaceChildren(this.list, rows.length > 0 ? rows : makeNote("Nothing found"));
    this.#activate(0);
  }

  #activate(index) {
    this.#active = index;
    this.list.querySelectorAll("[id^=find-]").forEach((row, at) => row.setAttribute("aria-selected", String(at === index)));
    const row = document.getElementById(`find-${index}`);
    if (!row) return void this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  #run(index) {
    const option = this.#options[index];
    if (!option) return;
    this.dialog.close();
    option.run();
  }

  #takeKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#options.length > 0) {
      event.preventDefault();
      this.#activate((this.#active + step + this.#options.length) % this.#options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#run(this.#active);
    }
  }
}

// In place of what was looked for; it can't be chosen.
function makeNote(...content) {
  return h("li", { role: "option", class: "option-note", "aria-disabled": "true", "aria-selected": "false" }, content);
}
