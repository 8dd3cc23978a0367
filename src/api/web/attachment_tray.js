// The files that go along with the next question: chosen by a button, dropped anywhere on the page, or pasted.
import { attachFiles, makeChips } from "./attachments.js";
import { h, iconButton, replaceChildren } from "./dom.js";
import { formatCount } from "./format.js";

const shownFaults = 6; // of a folder's worth of files that can't be attached

export class AttachmentTray {
  #adding = Promise.resolve();

  // `actions`: announcer, onAdded(), onEmptied() when there is no chip any more that could have the focus.
  constructor(actions) {
    this.actions = actions;
    this.attachments = [];
    this.list = h("ul", { class: "chips", "aria-label": "Attached files", hidden: true });
    this.fault = h("div", { class: "fault", role: "alert", hidden: true });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => this.#takePicked() });
    this.button = iconButton("attach", "Attach files", () => this.choose());
    this.list.addEventListener("keydown", (event) => this.#takeKey(event));
  }

  // Opens the browser's dialog for files.
  choose() {
    this.picker.click();
  }

  // Resolves when all that was given is either attached or refused.
  get settled() {
    return this.#adding;
  }

  // One after the other, since each counts towards the limits of the next.
  add(files) {
    this.#adding = this.#adding.then(() => this.#add(files));
    return this.#adding;
  }

  // Replaces all; those whose text is gone can't be sent again, and that is told.
  set(attachments) {
    const lost = attachments.filter(({ text }) => text === undefined).map(({ name }) => name);
    this.#show(attachments.filter(({ text }) => text !== undefined));
    this.tell(lost.length > 0 ? [`Not kept, to be attached again: ${lost.join(", ")}`] : []);
  }

  tell(faults) {
    this.fault.hidden = faults.length === 0;
    const shown = faults.slice(0, shownFaults);
    if (faults.length > shown.length) shown.push(`and ${faults.length - shown.length} more`);
    replaceChildren(this.fault, h("div", {}, shown.map((text) => h("p", {}, text))), iconButton("close", "Dismiss", () => this.tell([])));
  }

  // Files that are dropped on the page never take the browser away from it.
  acceptDrops() {
    const isOfFiles = (event) => event.dataTransfer?.types.includes("Files");
    const mark = (isOver) => document.body.classList.toggle("dropping", isOver);
    const isBlocked = () => document.querySelector("dialog[open]") !== null;
    window.addEventListener("dragover", (event) => {
      if (!isOfFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = isBlocked() ? "none" : "copy";
      mark(!isBlocked());
    });
    window.addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
    window.addEventListener("drop", (event) => {
      mark(false);
      if (!isOfFiles(event)) return;
      event.preventDefault();
      if (!isBlocked()) this.add([...event.dataTransfer.files]);
    });
  }

  // Programs that copy cells or rich text give a picture of it as well: then the text is meant.
  acceptPaste(field) {
    field.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      const isPictureOfText = event.clipboardData.types.includes("text/plain") && files.every(({ type }) => type.startsWith("image/"));
      if (files.length === 0 || isPictureOfText) return;
      event.preventDefault();
      this.add(files);
    });
  }

  #takePicked() {
    const files = [...this.picker.files];
    this.picker.value = ""; // the same one can be chosen again
    this.add(files);
  }

  async #add(files) {
    const { attachments, refusals } = await attachFiles(this.attachments, files);
    const added = attachments.length - this.attachments.length;
    this.#show(attachments);
    this.tell(refusals);
    if (added > 0) this.actions.announcer.say(`${formatCount(added, "file")} attached.`);
    this.actions.onAdded();
  }

  #remove(attachment) {
    const index = this.attachments.indexOf(attachment);
    this.#show(this.attachments.filter((one) => one !== attachment));
    this.tell([]);
    this.actions.announcer.say(`${attachment.name} removed.`);
    const next = this.list.children[Math.min(index, this.attachments.length - 1)];
    if (next) next.querySelector("button").focus();
    else this.actions.onEmptied();
  }

  #takeKey(event) {
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    event.target.closest("button")?.click();
  }

  #show(attachments) {
    this.attachments = attachments;
    replaceChildren(this.list, makeChips(attachments, (attachment) => this.#remove(attachment)));
    this.list.hidden = attachments.length === 0;
  }
}
