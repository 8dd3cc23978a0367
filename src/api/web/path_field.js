// A field for a folder on the server, with the folders that go on from what is typed (ARIA's combobox pattern).
import { h, replaceChildren } from "./dom.js";

const typingPauseMilliseconds = 120;

export class PathField {
  #timer = 0;
  #asked = 0;
  #active = -1;

  // `onGiven(path)`: Enter was pressed with no folder chosen from the list.
  constructor(api, { id, onGiven }) {
    this.api = api;
    this.onGiven = onGiven;
    this.list = h("ul", { id: `${id}-list`, role: "listbox", class: "options", "aria-label": "Folders", hidden: true });
    this.field = h("input", {
      id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: "/path/of/a/repository",
      "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list",
    });
    this.element = h("div", { class: "path-field" }, this.field, this.list);
    this.field.addEventListener("input", () => this.#askSoon());
    this.field.addEventListener("focus", () => this.#askSoon());
    this.field.addEventListener("blur", () => this.#hide());
    this.field.addEventListener("keydown", (event) => this.#takeKey(event));
  }

  get value() {
    return this.field.value.trim();
  }

  set value(path) {
    this.field.value = path;
  }

  #askSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), typingPauseMilliseconds);
  }

  async #ask() {
    const turn = ++this.#asked;
    const answer = await this.api.json("GET", "/directories", { query: { prefix: this.field.value } }).catch(() => ({ directories: [] }));
    if (turn === this.#asked && document.activeElement === this.field) this.#show(answer.directories);
  }

  #show(directories) {
    this.#active = -1;
    this.field.removeAttribute("aria-activedescendant");
    const options = directories.map((path, index) => {
      const option = h("li", { id: `${this.list.id}-${index}`, role: "option", "aria-selected": "false" }, path);
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        this.#choose(path);
      });
      return option;
    });
    replaceChildren(this.list, options);
    this.list.hidden = options.length === 0;
    this.field.setAttribute("aria-expanded", String(options.length > 0));
  }

  #hide() {
    this.#asked += 1;
    clearTimeout(this.#timer);
    this.#show([]);
  }

  // The folder, and what is in it next.
  #choose(path) {
    this.field.value = `${path.replace(/\/$/, "")}/`;
    this.#ask();
  }

  #takeKey(event) {
    const options = [...this.list.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length > 0) {
      event.preventDefault();
      this.#active = (this.#active + step + options.length) % options.length;
      options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#active)));
      options[this.#active].scrollIntoView({ block: "nearest" });
      this.field.setAttribute("aria-activedescendant", options[this.#active].id);
    } else if (event.key === "Tab" && !event.shiftKey && (this.#active >= 0 || options.length === 1)) {
      event.preventDefault();
      this.#choose(options[Math.max(this.#active, 0)].textContent);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.#active >= 0) {
        this.#choose(options[this.#active].textContent);
        return;
      }
      this.#hide();
      this.onGiven(this.value);
    } else if (event.key === "Escape" && options.length > 0) {
      event.preventDefault();
      event.stopPropagation();
      this.#hide();
    }
  }
}
