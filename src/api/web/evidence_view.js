// The right-hand side: a card for each place that an answer cites, with its lines as they are in the file now.
import { nameSource, makePlace } from "./citations.js";
import { makeCode } from "./code_view.js";
import { copyButton, h, icon, iconButton, replaceChildren } from "./dom.js";
import { formatCount, formatLines } from "./format.js";

const linesMore = 20;

export class EvidenceView {
  #cards = [];
  #turn = null;

  // `onMention(turn, index)` goes to where the answer cites a source.
  constructor(element, { api, onMention }) {
    this.element = element;
    this.api = api;
    this.onMention = onMention;
    this.showNothing();
  }

  get turn() {
    return this.#turn;
  }

  showNothing() {
    this.#turn = null;
    this.#cards = [];
    replaceChildren(
      this.element,
      h("p", { class: "empty" }, "The code that an answer cites is shown here, with its lines checked against the files."),
    );
  }

  // All sources of a turn; called again when they have changed.
  show(turn) {
    const isSame = this.#turn === turn;
    this.#turn = turn;
    this.#cards = turn.sources.map((source, index) => (isSame && this.#cards.find((card) => card.source === source)) || this.#makeCard(source, index));
    const empty = turn.isRunning ? "Nothing is cited yet." : "This answer cites no code.";
    replaceChildren(this.element, this.#cards.length > 0 ? this.#cards.map((card) => card.element) : h("p", { class: "empty" }, empty));
    this.#cards.forEach((card, index) => this.#showMentions(card, index));
  }

  // Brings a card into sight and to the keyboard.
  reveal(index) {
    const card = this.#cards[index];
    card.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
    card.element.focus({ preventScroll: true });
    flash(card.element);
  }

  #makeCard(source, index) {
    const name = nameSource(source);
    const canBeExtended = !source.path.startsWith("attachment:") || this.#findAttachment(source);
    const card = { source, mentions: h("span", { class: "mentions" }), body: h("div", {}), shown: null };
    const head = h(
      "header",
      { class: "card-head" },
      h("span", { class: "source-number", "aria-hidden": "true" }, index + 1),
      h("span", { class: "path place", title: name }, makePlace(source.path, formatLines(source))),
      makeVerifiedMark(source),
      h("span", { class: "spacer" }),
      card.mentions,
      canBeExtended && iconButton("up", `More lines above ${name}`, () => this.#extend(card, -linesMore, 0)),
      canBeExtended && iconButton("down", `More lines below ${name}`, () => this.#extend(card, 0, linesMore)),
      copyButton(`Copy the lines of ${name}`, () => card.shown?.text ?? ""),
    );
    card.element = h("article", { class: "card source", tabindex: -1, "aria-label": `Evidence ${index + 1}: ${name}` }, head, card.body);
    if (source.text === "") replaceChildren(card.body, h("p", { class: "notice" }, "The file has no such lines now."));
    else if (source.text) this.#showLines(card, { start_line: source.start_line, text: source.text, language: source.language });
    else this.#load(card, source.start_line, source.end_line);
    return card;
  }

  async #load(card, start, end) {
    const attachment = this.#findAttachment(card.source);
    if (attachment) return void this.#showLines(card, takeLines(attachment.text, start, end));
    const query = { project_path: this.#turn.projectPath, path: card.source.path, start_line: start, end_line: end };
    try {
      const lines = await this.api.json("GET", "/files", { query });
      this.#showLines(card, lines);
    } catch (error) {
      const note = h("p", { class: "fault" }, icon("warning"), error.message);
      if (card.shown) card.body.append(note);
      else replaceChildren(card.body, note);
    }
  }

  // The one that a source is of, where its text is still there.
  #findAttachment({ path }) {
    return this.#turn.attachments.find(({ name, text }) => text !== undefined && path === `attachment:${name}`);
  }

  #extend(card, above, below) {
    const start = card.shown?.start_line ?? card.source.start_line;
    const end = card.shown?.end_line ?? card.source.end_line;
    return this.#load(card, Math.max(1, start + above), end + below);
  }

  #showLines(card, { start_line: start, text, language }) {
    const count = text.replace(/\n$/, "").split("\n").length;
    card.shown = { start_line: start, end_line: start + count - 1, text };
    const cited = [card.source.start_line, card.source.end_line];
    const label = `Lines ${start} to ${start + count - 1} of ${card.source.path}`;
    replaceChildren(card.body, makeCode({ text, firstLine: start, language, cited, label }));
  }

  #showMentions(card, index) {
    const count = this.#turn.countMentions(index);
    const label = `Go to the ${count === 1 ? "place" : `${count} places`} in the answer that cite this`;
    const button = () =>
      h("button", { type: "button", class: "link-button", title: label, onclick: () => this.onMention(this.#turn, index) }, formatCount(count, "mention"));
    replaceChildren(card.mentions, count > 0 ? button() : null);
  }
}

function takeLines(text, start, end) {
  const lines = text.replace(/\n$/, "").split("\n");
  const first = Math.min(start, lines.length);
  return { start_line: first, text: lines.slice(first - 1, end).join("\n") };
}

function makeVerifiedMark({ verified }) {
  const meaning = verified ? "These lines are in the file now, byte for byte." : "These lines could not be found in the file.";
  return h("span", { class: `badge ${verified ? "good" : "unsure"}`, title: meaning }, icon(verified ? "check" : "warning"), verified ? "verified" : "unverified");
}

// A short mark on what was jumped to.
export function flash(element) {
  element.classList.remove("flash");
  requestAnimationFrame(() => element.classList.add("flash"));
  element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
}
