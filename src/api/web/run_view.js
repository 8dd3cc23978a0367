// One run of a command: what was changed for it, its output as it comes, and its receipt at the end.
import { makeDiff } from "./diff_view.js";
import { h, icon, replaceChildren } from "./dom.js";
import { stripTerminalCodes } from "./format.js";
import { makeReceipt } from "./receipt_view.js";

const shownCharacters = 400_000;

export class RunView {
  constructor() {
    this.title = h("h3", { class: "run-title", hidden: true });
    this.change = h("div", {});
    this.output = h("pre", { class: "code output", tabindex: 0, role: "region", "aria-label": "Output", hidden: true });
    this.proof = h("div", {});
    this.element = h("section", { class: "run" }, this.title, this.change, this.output, this.proof);
  }

  // Of several that belong together.
  name(title) {
    this.title.hidden = false;
    this.title.textContent = title;
    this.element.setAttribute("aria-label", title);
    this.output.setAttribute("aria-label", `Output, ${title}`);
  }

  showChange(patch) {
    replaceChildren(this.change, makeDiff({ patch }, null));
  }

  append(stream, text) {
    this.output.hidden = false;
    const isAtEnd = this.output.scrollHeight - this.output.scrollTop - this.output.clientHeight < 40;
    this.output.append(h("span", { class: stream }, stripTerminalCodes(text)));
    for (let length = this.output.textContent.length; length > shownCharacters; ) {
      length -= this.output.firstChild.textContent.length;
      this.output.firstChild.remove();
    }
    if (isAtEnd) this.output.scrollTop = this.output.scrollHeight;
  }

  // `stdout` and `stderr`: for a run whose output was not streamed.
  finish({ receipt, patch, stdout, stderr }) {
    if (patch) this.showChange(patch);
    if (this.output.childElementCount === 0) {
      if (stdout) this.append("stdout", stdout);
      if (stderr) this.append("stderr", stderr);
    }
    replaceChildren(this.proof, makeReceipt(receipt));
  }

  fail(message) {
    replaceChildren(this.proof, h("p", { class: "fault" }, icon("warning"), message));
  }
}
