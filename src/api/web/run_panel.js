// Runs the project's tests, or a diff against them. A model mends a diff with which tests fail, and it is run again: each
// run is shown by itself.
import { readEvents } from "./event_stream.js";
import { h, icon, replaceChildren } from "./dom.js";
import { formatSeconds } from "./format.js";
import { describeTests, makeVerdict } from "./receipt_view.js";
import { RunView } from "./run_view.js";

// A command line as a list of words: blanks part them, quotes and backslashes keep them together as in a shell.
export function splitCommand(line) {
  const words = line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g);
  return [...words].map(([word]) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) => single ?? escaped ?? double.replace(/\\(["\\$`])/g, "$1")),
  );
}

function nameRun(index, count) {
  if (index === 0) return "Run 1 · before the repair";
  return `Run ${index + 1} · after ${count > 2 ? `repair ${index}` : "the repair"}`;
}

export class RunPanel {
  #abort = null;
  #runs = [];
  #patch = null;

  // `parts`: api, project, announcer.
  constructor(element, parts) {
    Object.assign(this, parts);
    this.command = h("input", { type: "text", id: "test-command", placeholder: "the project's usual test command", spellcheck: "false", autocomplete: "off" });
    this.button = h("button", { type: "submit", class: "primary" });
    this.state = h("p", { class: "run-state", role: "status" });
    this.list = h("div", { class: "runs" });
    const onsubmit = (event) => {
      event.preventDefault();
      if (this.isRunning) this.stop();
      else this.runTests();
    };
    const form = h("form", { class: "run-form", onsubmit }, h("label", { for: "test-command" }, "Command"), h("div", { class: "field-row" }, this.command, this.button));
    element.append(h("div", { class: "run-head" }, form, this.state), this.list);
    this.#showButton();
  }

  get isRunning() {
    return this.#abort !== null;
  }

  runTests() {
    return this.#run({ action: "run_tests" });
  }

  // Runs the tests with a diff applied; the project itself stays as it is. `message` is what was wanted: a model that
  // mends a diff with which tests fail is told of it.
  verify(patch, message) {
    return this.#run({ action: "verify", patch, message });
  }

  stop() {
    this.#abort?.abort();
  }

  async #run(what) {
    if (this.isRunning) {
      this.state.textContent = "A run goes on already; this can be started when it has ended.";
      return;
    }
    const command = splitCommand(this.command.value);
    const body = { project_path: this.project.path, ...what, command: command.length > 0 ? command : undefined };
    this.#abort = new AbortController();
    this.#showButton();
    this.#runs = [];
    this.#patch = what.patch ?? null;
    replaceChildren(this.list);
    this.state.textContent = "Starting…";
    try {
      if (!body.project_path) throw new Error("Choose a project first.");
      await this.#take(await this.api.request("POST", "/run", { body, headers: { Accept: "text/event-stream" }, signal: this.#abort.signal }));
    } catch (error) {
      this.#fail(error.name === "AbortError" ? "Stopped." : error.message);
    }
    this.#abort = null;
    this.#showButton();
  }

  async #take(response) {
    for await (const { name, data } of readEvents(response)) {
      if (name === "queued") this.state.textContent = `Waits: ${data.position} before it.`;
      if (name === "started") this.#begin();
      if (name === "output") this.#runs.at(-1)?.append(data.stream, data.text);
      if (name === "attempt") this.#tellFailed(data);
      if (name === "error") return void this.#fail(data.message);
      if (name === "done") return void this.#finish(data);
    }
    this.#fail("The connection broke before the run had ended.");
  }

  #begin() {
    const run = new RunView();
    this.#runs.push(run);
    this.list.append(run.element);
    const count = this.#runs.length;
    if (count === 1 && this.#patch) run.showChange(this.#patch);
    if (count > 1) this.#runs.forEach((one, index) => one.name(nameRun(index, count)));
    this.state.textContent = count > 1 ? "Running again with the mended change…" : "Running…";
    this.#goToLast();
  }

  // The model is at work on the change meanwhile.
  #tellFailed(attempt) {
    this.#runs.at(-1)?.finish(attempt);
    this.state.textContent = `${attempt.summary} The change is being mended…`;
    this.announcer.say(this.state.textContent);
  }

  // The server tells of all runs that ended; only of the last one their whole output.
  #finish(run) {
    const { tests, tests_outcome: outcome, duration_seconds: seconds, receipt, stdout, stderr } = run;
    const attempts = [...(run.attempts ?? [{ receipt }])];
    attempts.push({ ...attempts.pop(), stdout, stderr });
    while (this.#runs.length < attempts.length) this.#begin();
    this.#runs.forEach((view, index) => {
      if (attempts[index]) view.finish(attempts[index]);
      else view.fail("This run came to no end: what is told is of the one before.");
    });
    replaceChildren(this.state, makeVerdict(outcome), h("span", {}, [describeTests(tests), formatSeconds(seconds)].filter(Boolean).join(" · ")));
    this.announcer.say(`The run has ended: ${run.summary}`);
    this.#goToLast();
  }

  // Of several the last one matters most.
  #goToLast() {
    if (this.#runs.length > 1) this.#runs.at(-1).element.scrollIntoView({ block: "start" });
  }

  #fail(message) {
    replaceChildren(this.state, h("span", { class: "fault" }, icon("warning"), message));
    this.announcer.say(message);
  }

  #showButton() {
    replaceChildren(this.button, icon(this.isRunning ? "stop" : "run"), this.isRunning ? "Stop" : "Run tests");
    this.button.classList.toggle("danger", this.isRunning);
  }
}
