// A question and its answer: while it is made, by the run's events; afterwards as it was kept.
import { makeChips } from "./attachments.js";
import { linkCitations, nameSource } from "./citations.js";
import { makeDiff } from "./diff_view.js";
import { copyButton, h, icon, iconButton, replaceChildren } from "./dom.js";
import { flash } from "./evidence_view.js";
import { formatCount, formatSeconds } from "./format.js";
import { MarkdownView } from "./markdown.js";
import { makeReceipt } from "./receipt_view.js";
import { StepsView } from "./steps_view.js";

const longQuestion = { characters: 600, lines: 8 };

// A pasted log would push the answer out of sight: the beginning is enough until all is wanted.
function makeQuestion(question) {
  const text = h("h2", { class: "question-text" }, question);
  if (question.length <= longQuestion.characters && question.split("\n").length <= longQuestion.lines) return text;
  text.classList.add("long", "clamped");
  const onclick = () => {
    const isClamped = text.classList.toggle("clamped");
    more.textContent = isClamped ? "Show the whole question" : "Show less";
    more.setAttribute("aria-expanded", String(!isClamped));
  };
  const more = h("button", { type: "button", class: "link-button", "aria-expanded": "false", onclick }, "Show the whole question");
  return h("div", { class: "question-part" }, text, more);
}

function lacksProject(answer) {
  return answer.outcome === "no_project";
}

export class TurnView {
  #text = "";
  #round = 0;
  #isDrawing = false;
  #nextMention = 0;
  #edits = [];
  #shownEdits = new Set();
  #verify = (patch) => this.actions.onVerify(patch, this);

  // `attachments`: {name, bytes, text}; of a turn that was kept they have no text. `actions`: onEdit(turn),
  // onCite(turn, index), onEvidence(turn), onSources(turn), onVerify(patch, turn), onAgain(turn), onProject().
  constructor({ question, attachments, projectPath, actions }) {
    this.question = question;
    this.attachments = attachments;
    this.projectPath = projectPath;
    this.actions = actions;
    this.sources = [];
    this.isRunning = true;
    this.startedAt = performance.now();
    this.steps = new StepsView();
    this.answer = h("div", { class: "answer" });
    this.extras = h("div", { class: "extras" });
    this.foot = h("footer", { class: "turn-foot" });
    this.markdown = new MarkdownView(this.answer, {
      dress: (block) => this.#link(block),
      makeDiffView: (patch) => this.#makeDiffView(patch),
    });
    const head = h(
      "header",
      { class: "question" },
      makeQuestion(question),
      iconButton("edit", "Edit the question and ask again", () => actions.onEdit(this)),
    );
    const chips = attachments.length > 0 && h("ul", { class: "chips", "aria-label": "Attached files" }, makeChips(attachments));
    this.element = h("article", { class: "turn", "aria-busy": "true" }, head, chips, this.steps.element, this.answer, this.extras, this.foot);
  }

  apply({ name, data }) {
    if (this.foot.childElementCount > 0) this.#showFoot(); // the connection is there again
    const handlers = {
      plan: () => this.steps.addPlan(data),
      step: () => this.steps.addStep(data),
      tool_call: () => this.#takeCall(data),
      tool_result: () => this.steps.addResult(data),
      output: () => this.steps.addOutput(data),
      token: () => this.#takeToken(data),
      citation: () => this.#takeCitation(data),
      reconnecting: () => this.#showFoot(h("span", {}, "The connection broke; it is taken up again…")),
      done: () => this.#takeAnswer(data),
      error: () => this.fail(data.message),
    };
    handlers[name]?.();
  }

  // An answer that was kept with its conversation.
  showKept(answer) {
    this.steps.showKept(answer.steps ?? []);
    this.#showAnswer(answer);
  }

  stop() {
    this.#end();
    this.#showFoot(h("span", { class: "badge quiet" }, icon("stop"), "Stopped"), this.#againButton());
  }

  fail(message) {
    this.#end();
    this.#showFoot(h("p", { class: "fault", role: "alert" }, icon("warning"), message), this.#againButton());
  }

  countMentions(index) {
    return this.#mentionsOf(index).length;
  }

  // Goes to the next place in the text that cites this source.
  goToMention(index) {
    const places = this.#mentionsOf(index);
    const place = places[this.#nextMention++ % places.length];
    place.scrollIntoView({ block: "center", behavior: "smooth" });
    place.focus({ preventScroll: true });
    flash(place);
  }

  #mentionsOf(index) {
    return [...this.answer.querySelectorAll(`.citation[data-source="${index}"]`)];
  }

  #takeToken({ text, round = 0 }) {
    if (round !== this.#round) this.#beginRound(round);
    this.#text += text;
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      if (this.isRunning) this.markdown.render(this.#text);
    });
  }

  #takeCall(call) {
    if (this.#text !== "") this.#beginRound(this.#round);
    this.steps.addCall(call);
  }

  // What was said in a round that goes on with tools was no answer.
  #beginRound(round) {
    if (this.#text.trim() !== "") this.steps.addRemark(this.#text.trim());
    this.#round = round;
    this.#text = "";
    this.markdown.renderAnew("");
  }

  #takeCitation(source) {
    const isKnown = this.sources.some((known) => nameSource(known) === nameSource(source));
    if (isKnown) return;
    this.sources = [...this.sources, source];
    this.markdown.renderAnew(this.#text);
    this.actions.onSources(this);
  }

  #takeAnswer(answer) {
    this.steps.finish();
    this.#showAnswer({ ...answer, seconds: (performance.now() - this.startedAt) / 1000 });
  }

  #showAnswer(answer) {
    const told = new Map(this.sources.map((source) => [nameSource(source), source]));
    this.sources = (answer.sources ?? []).map((source) => ({ ...told.get(nameSource(source)), ...source }));
    this.#text = lacksProject(answer) ? "No project is chosen yet, so there is no code to look at." : (answer.response ?? "");
    this.#edits = answer.edits ?? [];
    this.isRunning = false;
    this.element.removeAttribute("aria-busy");
    this.markdown.renderAnew(this.#text);
    const edits = this.#edits.filter((edit) => !this.#shownEdits.has(edit));
    replaceChildren(
      this.extras,
      (answer.notes ?? []).map((note) => h("p", { class: "remark" }, note)),
      edits.map((edit) => makeDiff(edit, this.#verify)),
      (answer.receipts ?? []).map(makeReceipt),
    );
    this.#showFoot(...this.#describeAnswer(answer));
    this.actions.onSources(this);
  }

  #end() {
    this.isRunning = false;
    this.element.removeAttribute("aria-busy");
    this.markdown.render(this.#text);
    this.steps.finish();
    this.actions.onSources(this);
  }

  #describeAnswer(answer) {
    if (lacksProject(answer)) {
      const choose = h("button", { type: "button", class: "small-button", onclick: () => this.actions.onProject() }, icon("folder"), "Choose a project");
      return [choose, this.#againButton()];
    }
    const { model, usage, seconds, index } = answer;
    const tokens = usage && `${usage.estimated ? "about " : ""}${(usage.prompt_tokens + usage.completion_tokens).toLocaleString("en")} tokens`;
    const changed = index?.changed_files > 0 && `${formatCount(index.changed_files, "file")} changed since the index`;
    const facts = [model ?? "without a model", tokens, formatSeconds(seconds), changed].filter(Boolean).join(" · ");
    const count = this.sources.length;
    return [
      h("span", { class: "facts-line" }, facts),
      h("span", { class: "spacer" }),
      count > 0 && h("button", { type: "button", class: "small-button", onclick: () => this.actions.onEvidence(this) }, "Evidence ", h("span", { class: "count" }, count)),
      copyButton("Copy the answer as Markdown", () => this.#text),
    ];
  }

  #againButton() {
    return h("button", { type: "button", class: "small-button", onclick: () => this.actions.onAgain(this) }, icon("refresh"), "Ask again");
  }

  #showFoot(...content) {
    replaceChildren(this.foot, content);
  }

  #link(block) {
    linkCitations(block, this.sources, (source, label) => {
      const index = this.sources.indexOf(source);
      const onclick = (event) => {
        event.preventDefault();
        this.actions.onCite(this, index);
      };
      const title = `Show the evidence${source.verified ? "" : " (unverified)"}`;
      return h("a", { href: "#evidence", class: source.verified ? "citation" : "citation unverified", "data-source": index, title, onclick }, label);
    });
  }

  #makeDiffView(patch) {
    const edit = this.#edits.find((known) => known.patch.trim() === patch.trim());
    if (edit) this.#shownEdits.add(edit);
    return makeDiff(edit ?? { patch: `${patch}\n` }, this.isRunning ? null : this.#verify);
  }
}
