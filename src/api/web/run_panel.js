// Runs the project's tests, or a diff against them: the output as it comes, then the receipt.
import { readEvents } from "./event_stream.js";
import { makeDiff } from "./diff_view.js";
import { h, icon, replaceChildren } from "./dom.js";
import { formatSeconds, stripTerminalCodes } from "./format.js";
import { describeTests, makeReceipt, makeVerdict } from "./receipt_view.js";

const shownCharacters = 400_000;

// A command line as a list of words: blanks part them, quotes and backslashes keep them together as in a shell.
export function splitCommand(line) {
  const words = line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g);
  return [...words].map(([word]) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) => single ?? escaped ?? double.replace(/\\(["\\$`])/g, "$1")),
  );
}

export class RunPanel {
  #abort = null;

  // `parts`: api, project, announcer.
  constructor(element, parts) {
    Object.assign(this, parts);
    this.command = h("input", { type: "text", id: "test-command", placeholder: "the project's usual test command", spellcheck: "false", autocomplete: "off" });
    this.button = h("button", { type: "submit", class: "primary" });
    this.state = h("p", { class: "run-state", role: "status" });
    this.subject = h("div", {});
    this.output = h("pre", { class: "code output", tabindex: 0, role: "region", "aria-label": "Output", hidden: true });
    this.result = h("div", { class: "run-result" });
    const onsubmit = (event) => {
      event.preventDefault();
      if (this.isRunning) this.stop();
      else this.runTests();
    };
    const form = h("form", { class: "run-form", onsubmit }, h("label", { for: "test-command" }, "Command"), h("div", { class: "field-row" }, this.command, this.button));
    element.append(form, this.state, this.subject, this.output, this.result);
    this.#showButton();
  }

  get isRunning() {
    return this.#abort !== null;
  }

  runTests() {
    replaceChildren(this.subject);
    return this.#run({ action: "run_tests" });
  }

  // Runs the tests with a diff applied; the project itself stays as it is. `message` is what was wanted: a model that
  // mends a diff with which tests fail is told of it.
  verify(patch, message) {
    if (this.isRunning) return undefined;
    replaceChildren(this.subject, makeDiff({ patch }, null));
    return this.#run({ action: "verify", patch, message });
  }

  stop() {
    this.#abort?.abort();
  }

  async #run(what) {
    if (this.isRunning) return;
    const command = splitCommand(this.command.value);
    const body = { project_path: this.project.path, ...what, command: command.length > 0 ? command : undefined };
    this.#abort = new AbortController();
    this.#showButton();
    replaceChildren(this.output);
    replaceChildren(this.result);
    this.output.hidden = true;
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
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
      this.#finish(await response.json());
      return;
    }
    for await (const { name, data } of readEvents(response)) {
      if (name === "queued") this.state.textContent = `Waits: ${data.position} before it.`;
      if (name === "started") this.state.textContent = "Running…";
      if (name === "output") this.#append(data.stream, data.text);
      if (name === "error") return void this.#fail(data.message);
      if (name === "done") return void this.#finish(data);
    }
    this.#fail("The connection broke before the run had ended.");
  }

  #append(stream, text) {
    this.output.hidden = false;
    const isAtEnd = this.output.scrollHeight - this.output.scrollTop - this.output.clientHeight < 40;
    this.output.append(h("span", { class: stream }, stripTerminalCodes(text)));
    for (let length = this.output.textContent.length; length > shownCharacters; ) {
      length -= this.output.firstChild.textContent.length;
      this.output.firstChild.remove();
    }
    if (isAtEnd) this.output.scrollTop = this.output.scrollHeight;
  }

  #finish(run) {
    if (this.output.childElementCount === 0) {
      if (run.stdout) this.#append("stdout", run.stdout);
      if (run.stderr) this.#append("stderr", run.stderr);
    }
    const tests = describeTests(run.tests);
    replaceChildren(this.state, makeVerdict(run.tests_outcome), h("span", {}, [tests, formatSeconds(run.duration_seconds)].filter(Boolean).join(" · ")));
    const earlier = (run.attempts ?? []).slice(0, -1);
    replaceChildren(
      this.result,
      earlier.length > 0 && h("details", { class: "attempts" }, h("summary", {}, `Earlier attempts: ${earlier.length}`), earlier.map(makeAttempt)),
      run.patch && run.patch !== this.#shownPatch() && makeDiff({ patch: run.patch }, null),
      run.receipt ? makeReceipt(run.receipt) : makeReceipt({ ...run, argv: run.command }),
    );
    this.announcer.say(`The run has ended: ${run.summary}`);
  }

  #shownPatch() {
    return this.subject.firstElementChild?.dataset.patch;
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

function makeAttempt({ patch, receipt, summary }) {
  return h("div", { class: "attempt" }, h("p", {}, summary), makeDiff({ patch }, null), receipt && makeReceipt(receipt));
}
