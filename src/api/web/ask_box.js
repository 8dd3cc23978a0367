// Where questions are written. Enter asks, Shift+Enter begins a new line, ↑ in the empty box edits the last question.
import { AttachmentTray } from "./attachment_tray.js";
import { isTooLarge } from "./attachments.js";
import { h, icon, replaceChildren } from "./dom.js";

const longestHeight = 260;

export class AskBox {
  #isRunning = false;
  #isEditing = false;

  // `actions`: onAsk(text, attachments), onStop(), onAttached(), lastTurn() or null; `announcer` tells what is attached.
  constructor(element, announcer, actions) {
    this.actions = actions;
    const onAdded = () => {
      actions.onAttached();
      this.focus();
    };
    this.tray = new AttachmentTray({ announcer, onAdded, onEmptied: () => this.focus() });
    this.field = h("textarea", { id: "question", rows: 1, placeholder: "Ask about this code", "aria-label": "Question", "aria-describedby": "question-help" });
    this.button = h("button", { type: "submit", class: "ask-button" });
    this.hint = h("p", { id: "question-help", class: "hint" });
    const row = h("div", { class: "ask-row" }, this.tray.button, this.tray.picker, this.field, this.button);
    this.form = h("form", { class: "ask-form" }, this.tray.list, row);
    element.append(this.tray.fault, this.form, this.hint);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#isRunning) actions.onStop();
      else this.#submit();
    });
    this.field.addEventListener("input", () => this.#fit());
    this.field.addEventListener("keydown", (event) => this.#takeKey(event));
    this.tray.acceptPaste(this.field);
    this.tray.acceptDrops();
    this.setRunning(false);
  }

  setRunning(isRunning) {
    this.#isRunning = isRunning;
    const label = isRunning ? "Stop" : "Ask";
    replaceChildren(this.button, icon(isRunning ? "stop" : "ask"));
    this.button.setAttribute("aria-label", label);
    this.button.title = isRunning ? "Stop (Esc)" : "Ask (Enter)";
    this.button.classList.toggle("stop", isRunning);
    if (!this.#isEditing) this.#showUsualHint();
  }

  // Puts a question that was asked back into the box, with its attachments.
  edit({ question, attachments }) {
    this.#isEditing = true;
    this.field.value = question;
    this.tray.set(attachments);
    this.hint.textContent = "Edited, it is asked again at the end of the conversation. Esc leaves it.";
    this.#fit();
    this.focus();
    this.field.setSelectionRange(question.length, question.length);
  }

  attach() {
    this.tray.choose();
  }

  focus() {
    this.field.focus();
  }

  // Gives up an edit.
  leave() {
    if (this.#isEditing) this.#clear();
  }

  #clear() {
    this.#isEditing = false;
    this.field.value = "";
    this.tray.set([]);
    this.#showUsualHint();
    this.#fit();
  }

  async #submit() {
    await this.tray.settled;
    if (this.#isRunning) {
      this.hint.textContent = "The answer before is still being made. Esc stops it.";
      return;
    }
    const text = this.field.value.trim();
    const { attachments } = this.tray;
    if (text === "") {
      if (attachments.length > 0) this.tray.tell(["Write what you want to know about what is attached."]);
      return;
    }
    if (isTooLarge(text, attachments)) {
      this.tray.tell(["The question and what is attached are larger than the server takes, 4 MiB as JSON; attach less."]);
      return;
    }
    this.#clear();
    this.actions.onAsk(text, attachments);
  }

  #takeKey(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp" && this.field.value === "" && this.tray.attachments.length === 0) {
      const last = this.actions.lastTurn();
      if (last === null) return;
      event.preventDefault();
      this.edit(last);
    }
  }

  #fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, longestHeight)}px`;
  }

  #showUsualHint() {
    replaceChildren(this.hint, h("kbd", {}, "Enter"), " asks, ", h("kbd", {}, "Shift"), "+", h("kbd", {}, "Enter"), " a new line, ", h("kbd", {}, "↑"), " edits the last, ", h("kbd", {}, "Esc"), " stops");
  }
}
