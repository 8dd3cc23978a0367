// The conversation that is open: its turns, the run that goes on, and where it is kept.
import { toWire } from "./attachments.js";
import { ChatRun } from "./chat_run.js";
import { h, replaceChildren } from "./dom.js";
import { formatCount } from "./format.js";
import { tabStorage } from "./storage.js";
import { TurnView } from "./turn_view.js";

const runKey = "codehelper-run"; // of the run that goes on in this tab, so that a reload can take it up
const nearEndPixels = 120;
const pixelsAbove = 16; // a question that is scrolled to

// Events: "change" when another conversation is open or a turn has ended, "running" when a run begins or ends.
export class ConversationView extends EventTarget {
  #run = null;

  // `parts`: element (of the turns), scroller, api, server, project, announcer, evidence, actions (of a turn).
  constructor(parts) {
    super();
    Object.assign(this, parts);
    this.turns = [];
    this.indexing = h("p", { role: "status" });
    this.project.addEventListener("change", () => this.#showIndexing());
    this.showNew();
  }

  get isRunning() {
    return this.#run !== null;
  }

  get lastTurn() {
    return this.turns.at(-1) ?? null;
  }

  showNew() {
    this.#clear();
    this.id = "";
    this.title = "";
    this.projectPath = null;
    this.element.append(makeWelcome(this.indexing));
    this.evidence.showNothing();
    this.dispatchEvent(new Event("change"));
  }

  // Who comes first sees why an answer would still lack something.
  #showIndexing() {
    const { files_done: done, files_total: total } = this.project.status?.progress ?? {};
    const count = total > 0 ? `: ${done.toLocaleString("en")} of ${formatCount(total, "file")}` : "";
    this.indexing.textContent = this.project.isIndexing ? `The project is being indexed${count}.` : "";
  }

  // Loads a kept conversation. Throws an ApiError.
  async open(id) {
    const kept = await this.api.json("GET", `/conversations/${encodeURIComponent(id)}`);
    this.#clear();
    this.id = id;
    this.title = kept.title;
    this.projectPath = kept.project_path || null;
    for (const { question, answer } of kept.turns) this.#addTurn(question, answer.attachments).showKept(answer);
    const last = this.turns.at(-1);
    if (last) this.evidence.show(last);
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.dispatchEvent(new Event("change"));
  }

  ask(message, attachments) {
    if (this.isRunning) return;
    const turn = this.#addTurn(message, attachments);
    this.evidence.show(turn);
    turn.element.scrollIntoView({ block: "start" });
    const body = { message, attachments: toWire(attachments), project_path: turn.projectPath ?? undefined, conversation_id: this.id || undefined };
    const run = new ChatRun(this.api, this.server);
    this.#follow(turn, run, run.ask(body));
  }

  // Takes up the run that went on in this tab before it was loaded anew; whether there was one.
  resume() {
    const kept = JSON.parse(tabStorage.getItem(runKey) ?? "null");
    if (!kept) return false;
    this.id = kept.conversationId;
    this.projectPath = kept.projectPath;
    const turn = this.#addTurn(kept.question, kept.attachments);
    this.evidence.show(turn);
    const run = new ChatRun(this.api, this.server, kept.runId);
    this.#follow(turn, run, run.resume());
    return true;
  }

  stop() {
    this.#run?.stop();
  }

  async #follow(turn, run, events) {
    this.#run = run;
    this.dispatchEvent(new Event("running"));
    this.announcer.say("Asked. The answer is being made.");
    try {
      for await (const event of events) this.#take(turn, run, event);
    } catch (error) {
      if (error.name !== "AbortError") turn.fail(error.message);
    }
    if (turn.isRunning && run.isStopped) turn.stop();
    if (this.#run !== run) return;
    this.#run = null;
    tabStorage.removeItem(runKey);
    this.dispatchEvent(new Event("running"));
    this.dispatchEvent(new Event("change"));
    this.announcer.say(describeEnd(turn, run));
  }

  #take(turn, run, event) {
    const isFollowed = this.#isNearEnd();
    if (event.name === "started") {
      const attachments = turn.attachments.map(({ name, bytes }) => ({ name, bytes }));
      const kept = { runId: event.data.run_id, conversationId: event.data.conversation_id, question: turn.question, attachments, projectPath: turn.projectPath };
      tabStorage.setItem(runKey, JSON.stringify(kept));
    }
    if (event.data.conversation_id) this.id = event.data.conversation_id;
    if (event.name === "error" && run.isStopped) turn.stop();
    else turn.apply(event);
    if (event.name === "tool_call") this.announcer.say(`Calls ${event.data.name}.`);
    if (isFollowed) requestAnimationFrame(() => this.#followEnd(turn));
  }

  // Down to the end of the answer, but its question stays in sight.
  #followEnd(turn) {
    const top = turn.element.offsetTop - this.element.offsetTop - pixelsAbove;
    const end = this.scroller.scrollHeight - this.scroller.clientHeight;
    this.scroller.scrollTop = Math.max(this.scroller.scrollTop, Math.min(end, top));
  }

  #isNearEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < nearEndPixels;
  }

  #addTurn(question, attachments = []) {
    if (this.turns.length === 0) replaceChildren(this.element);
    const projectPath = this.projectPath ?? this.project.path;
    const turn = new TurnView({ question, attachments, projectPath, actions: this.actions });
    this.turns.push(turn);
    this.element.append(turn.element);
    return turn;
  }

  #clear() {
    this.#run?.leave();
    if (this.#run !== null) {
      this.#run = null;
      tabStorage.removeItem(runKey);
      this.dispatchEvent(new Event("running"));
    }
    this.turns = [];
    replaceChildren(this.element);
  }
}

function describeEnd(turn, run) {
  if (run.isStopped) return "Stopped.";
  return `The answer is there, with ${formatCount(turn.sources.length, "citation")}.`;
}

function makeWelcome(indexing) {
  return h(
    "div",
    { class: "welcome" },
    h("h1", {}, "Ask about this code"),
    h("p", {}, "Answers cite the lines that they are made of, and each citation is checked against the file."),
    indexing,
  );
}
