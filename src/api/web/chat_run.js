// One run of the crew: its events in order and once each, also over broken connections, and its end by the user.
import { ApiError } from "./api.js";
import { readEvents } from "./event_stream.js";

const resumesWithoutNews = 5;
const stopPatienceMilliseconds = 3_000;

export class ChatRun {
  #api;
  #server;
  #abort = new AbortController();
  #lastId = 0;

  constructor(api, server, runId = null) {
    this.#api = api;
    this.#server = server;
    this.runId = runId;
    this.isStopped = false;
  }

  // Asks, and yields events until "done" or "error" came; "reconnecting" is an event of our own. Throws an ApiError.
  async *ask(body) {
    const options = { body: { ...body, on_disconnect: "continue" }, headers: { Accept: "text/event-stream" } };
    yield* this.#follow(() => this.#api.request("POST", "/chat", { ...options, signal: this.#abort.signal }));
  }

  // As ask(), of a run that goes on already or has ended meanwhile; all its events come again.
  async *resume() {
    yield* this.#follow(() => this.#reopen());
  }

  // The server ends the run; the events end soon.
  async stop() {
    if (this.isStopped) return;
    this.isStopped = true;
    if (this.runId === null) {
      this.#abort.abort();
      return;
    }
    setTimeout(() => this.#abort.abort(), stopPatienceMilliseconds);
    await this.#api.request("DELETE", `/chat/${encodeURIComponent(this.runId)}`).catch(() => this.#abort.abort());
  }

  // Stops listening; the run goes on.
  leave() {
    this.#abort.abort();
  }

  async *#follow(open) {
    for (let quietTimes = 0; ; ) {
      const idBefore = this.#lastId;
      try {
        for await (const event of readEvents(await open())) {
          if (!this.#isNew(event)) continue;
          if (event.name === "started") this.runId = event.data.run_id;
          yield event;
          if (event.name === "done" || event.name === "error") return;
        }
      } catch (error) {
        const isRefused = error.status > 0 || (error.code === "away" && this.runId === null);
        if (isRefused || error.name === "AbortError") throw error;
      }
      quietTimes = this.#lastId === idBefore ? quietTimes + 1 : 0;
      if (this.runId === null || quietTimes > resumesWithoutNews) {
        throw new ApiError(0, "connection_lost", "The connection broke before the answer was whole.");
      }
      yield { name: "reconnecting", data: {} };
      this.#server.lose();
      await this.#server.whenBack(this.#abort.signal);
      open = () => this.#reopen();
    }
  }

  #reopen() {
    const headers = { Accept: "text/event-stream" };
    if (this.#lastId > 0) headers["Last-Event-ID"] = String(this.#lastId);
    return this.#api.request("GET", `/chat/${encodeURIComponent(this.runId)}/events`, { headers, signal: this.#abort.signal });
  }

  #isNew(event) {
    const id = Number(event.id);
    if (!(id > 0)) return true;
    if (id <= this.#lastId) return false;
    this.#lastId = id;
    return true;
  }
}
