// Where questions are written. Enter asks, Shift+Enter begins a new line, ↑ in the empty box edits the last question.
import { h, icon, replaceChildren } from "./dom.js";

const longestHeight = 260;

export class AskBox {
  #isRunning = false;
  #isEditing = false;

  // `actions`: onAsk(text), onStop(), lastQuestion().
  constructor(element, actions) {
    this.actions = actions;
    this.field = h("textarea", { id: "question", rows: 1, placeholder: "Ask about this code", "aria-label": "Question", "aria-describedby": "question-help" });
    this.button = h("button", { type: "submit", class: "ask-button" });
    this.hint = h("p", { id: "question-help", class: "hint" });
    this.form = h("form", { class: "ask-form" }, this.field, this.button);
    element.append(this.form, this.hint);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("input", () => this.#fit());
    this.field.addEventListener("keydown", (event) => this.#takeKey(event));
    this.setRunning(false);
    this.#showUsualHint();
  }

  setRunning(isRunning) {
    this.#isRunning = isRunning;
    const label = isRunning ? "Stop" : "Ask";
    replaceChildren(this.button, icon(isRunning ? "stop" : "ask"));
    this.button.setAttribute("aria-label", label);
    this.button.title = isRunning ? "Stop (Esc)" : "Ask (Enter)";
    this.button.classList.toggle("stop", isRunning);
  }

  // Puts a question that was asked back into the box.
  edit(text) {
    this.#isEditing = true;
    this.field.value = text;
    this.hint.textContent = "Edited, it is asked again at the end of the conversation. Esc leaves it.";
    this.#fit();
    this.focus();
    this.field.setSelectionRange(text.length, text.length);
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
    this.#showUsualHint();
    this.#fit();
  }

  #submit() {
    if (this.#isRunning) {
      this.actions.onStop();
      return;
    }
    const text = this.field.value.trim();
    if (text === "") return;
    this.#clear();
    this.actions.onAsk(text);
  }

  #takeKey(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (!this.#isRunning) this.#submit();
    } else if (event.key === "ArrowUp" && this.field.value === "") {
      const last = this.actions.lastQuestion();
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
