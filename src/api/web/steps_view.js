// What the crew did for an answer, as it happens: plan, tool calls, output of commands, remarks, finished steps.
import { h, icon } from "./dom.js";
import { formatBytes, formatCount, formatSeconds, stripTerminalCodes } from "./format.js";

const shownOutputCharacters = 20_000;

function makeCard({ name, note = "", state }) {
  const parts = {
    mark: h("span", { class: `mark ${state}` }),
    note: h("span", { class: "note" }, note),
    figures: h("span", { class: "figures" }),
    body: h("div", { class: "step-body" }),
  };
  const summary = h("summary", {}, parts.mark, h("span", { class: "step-name" }, name), parts.note, parts.figures);
  return { ...parts, element: h("details", { class: "step" }, summary, parts.body) };
}

function makeText(label, text) {
  return [h("h4", {}, label), h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": label }, text)];
}

function showArguments(given) {
  if (given === undefined || given === null || given === "") return "";
  return typeof given === "string" ? given : JSON.stringify(given, null, 2);
}

// The most telling argument in one line.
function summarize(given) {
  if (typeof given === "string") return given;
  const texts = Object.values(given ?? {}).filter((value) => typeof value === "string" || typeof value === "number");
  return texts.join(" ");
}

function hasFailed(action, outcome) {
  return action === "refused" || /^(failed: |doesn't apply|The tests? (run )?failed)/.test(outcome);
}

export class StepsView {
  #calls = new Map();
  #output = null;
  #steps = 0;

  constructor() {
    this.title = h("span", {}, "Working…");
    this.spinner = h("span", { class: "spinner", "aria-hidden": "true" });
    this.list = h("div", { class: "steps" });
    const summary = h("summary", {}, this.spinner, this.title);
    this.element = h("details", { class: "work", open: true, hidden: true }, summary, this.list);
    this.startedAt = performance.now();
  }

  addPlan(plan) {
    const searches = plan.searches ?? [];
    const card = this.#add({ name: "plan", note: (plan.roles ?? []).join(", "), state: "good" });
    const wants = [plan.wants_edit && "a change of the code", plan.run_tests && "a run of the tests"].filter(Boolean);
    if (searches.length > 0) card.body.append(h("h4", {}, "Searches"), h("ul", {}, searches.map((text) => h("li", {}, text))));
    if (wants.length > 0) card.body.append(h("p", {}, `It wants ${wants.join(" and ")}.`));
    if (card.body.childElementCount === 0) card.body.append(h("p", {}, "No search is needed."));
  }

  addStep({ role, action, outcome, seconds }) {
    const isShown = [...this.#calls.values()].some((call) => call.isRunning && call.name === action);
    if (isShown) return; // the call's own card tells more
    const card = this.#add({ name: `${role} · ${action}`, note: outcome, state: hasFailed(action, outcome) ? "bad" : "good" });
    card.figures.textContent = formatSeconds(seconds);
    card.body.append(h("p", {}, outcome));
    this.#steps += 1;
    this.#output = null;
    this.title.textContent = `${role}: ${outcome}`;
  }

  addCall({ id, name, arguments: given }) {
    const card = this.#add({ name, note: summarize(given), state: "running" });
    const text = showArguments(given);
    if (text) card.body.append(...makeText("Arguments", text));
    this.#calls.set(id, Object.assign(card, { name, isRunning: true }));
    this.title.textContent = `${name} ${summarize(given)}`;
  }

  addResult({ id, name, ok, summary, bytes, seconds, output }) {
    const card = this.#calls.get(id) ?? this.#add({ name, state: "running" });
    card.isRunning = false;
    card.mark.className = `mark ${ok ? "good" : "bad"}`;
    card.note.textContent = summary;
    card.figures.textContent = [formatSeconds(seconds), formatBytes(bytes)].filter(Boolean).join(" · ");
    if (output) card.body.append(...makeText(bytes > output.length ? "Beginning of the result" : "Result", output));
    this.#output = null;
  }

  // A text that came before further tool calls: not the answer.
  addRemark(text) {
    const card = this.#add({ name: "remark", note: text, state: "quiet" });
    card.body.append(h("p", { class: "pre-line" }, text));
  }

  addOutput({ text }) {
    if (this.#output === null) {
      const card = this.#add({ name: "output", state: "running" });
      const view = h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": "Output of the command" });
      card.body.append(view);
      card.element.open = true;
      this.#output = { card, view, text: "", bytes: 0 };
    }
    const output = this.#output;
    output.bytes += text.length;
    output.text = (output.text + stripTerminalCodes(text)).slice(-shownOutputCharacters);
    output.view.textContent = output.text;
    output.view.scrollTop = output.view.scrollHeight;
    output.card.figures.textContent = formatBytes(output.bytes);
  }

  finish(seconds = (performance.now() - this.startedAt) / 1000) {
    const counts = [this.#steps > 0 && formatCount(this.#steps, "step"), this.#calls.size > 0 && formatCount(this.#calls.size, "tool call")];
    this.title.textContent = [...counts.filter(Boolean), formatSeconds(seconds)].filter(Boolean).join(" · ") || "No steps";
    this.spinner.replaceWith(icon("check"));
    for (const mark of this.list.querySelectorAll(".mark.running")) mark.className = "mark quiet";
    this.element.open = false;
  }

  // Of an answer that is shown again: only what was kept with it.
  showKept(steps) {
    for (const step of steps) this.addStep(step);
    this.finish(steps.reduce((sum, step) => sum + (step.seconds ?? 0), 0) || null);
  }

  #add(parts) {
    this.element.hidden = false;
    const card = makeCard(parts);
    this.list.append(card.element);
    return card;
  }
}
