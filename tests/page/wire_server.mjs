// The crew as the wire has it, scripted: what a model would have to be asked for. Everything else is passed on to the
// real program behind, so that the page, its files, projects and searches are the real ones.
import http from "node:http";

async function readJson(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return text === "" ? {} : JSON.parse(text);
}

function sendJson(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

// A run's events are kept, so that they can be told again to one who comes later.
class Run {
  constructor(id) {
    this.id = id;
    this.events = [];
    this.listeners = new Set();
    this.isStopped = false;
    this.asked = {};
  }

  tell(name, data) {
    this.events.push(`id: ${this.events.length + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    for (const listener of this.listeners) listener(this.events.at(-1), name);
  }

  // Writes what comes after `lastId`, and then what happens.
  follow(response, lastId) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": keep-alive\n\n");
    for (const event of this.events.slice(lastId)) response.write(event);
    const isEnd = (name) => name === "done" || name === "error";
    if (this.events.some((event) => /\nevent: (done|error)\n/.test(event))) return response.end();
    const listener = (text, name) => {
      response.write(text);
      if (isEnd(name)) response.end();
    };
    this.listeners.add(listener);
    response.on("close", () => this.listeners.delete(listener));
  }

}

// `scripts`: the first whose `when` matches the message plays a run: play(run, message). `target` is the real program.
export async function startWire(target, scripts) {
  const runs = new Map();
  const sockets = new Map(); // of those who asked for a run, to be cut
  const conversations = new Map();
  const seen = []; // "METHOD path" of what was asked here

  function keepTurn(body, answer) {
    const kept = conversations.get(answer.conversation_id) ?? { id: answer.conversation_id, title: body.message.split("\n")[0], project_path: body.project_path ?? "", turns: [] };
    kept.turns.push({ question: body.message, answer, finished_at: new Date().toISOString() });
    conversations.set(kept.id, kept);
  }

  function summarize(kept) {
    return { id: kept.id, title: kept.title, project_path: kept.project_path, updated_at: kept.turns.at(-1).finished_at, turns: kept.turns.length };
  }

  const routes = [
    ["POST", /^\/chat$/, async (request, response) => {
      const body = await readJson(request);
      const run = new Run(`run-${runs.size + 1}`);
      run.asked = body;
      runs.set(run.id, run);
      run.conversationId = body.conversation_id ?? `conversation-${conversations.size + 1}`;
      run.follow(response, 0);
      sockets.set(run.id, response.socket);
      run.tell("started", { run_id: run.id, conversation_id: run.conversationId, model: "sample-model" });
      run.finish = (answer) => {
        const whole = { sources: [], steps: [], edits: [], receipts: [], notes: [], usage: null, index: {}, ...answer, conversation_id: run.conversationId, run_id: run.id, outcome: "answered", model: "sample-model" };
        keepTurn(body, whole);
        run.tell("done", whole);
      };
      run.breakOff = () => {
        run.listeners.clear();
        sockets.get(run.id).destroy();
      };
      const script = scripts.find(({ when }) => when.test(body.message));
      await script.play(run, body);
      if (run.isStopped) run.tell("error", { error: "cancelled", message: "the run was stopped", request_id: "r" });
    }],
    ["GET", /^\/chat\/([^/]+)\/events$/, (request, response, [id]) => {
      const run = runs.get(id);
      if (!run) return sendJson(response, 404, { error: "not_found", message: "no such run" });
      run.resumedAfter = request.headers["last-event-id"] ?? null;
      return run.follow(response, Number(run.resumedAfter ?? 0));
    }],
    ["DELETE", /^\/chat\/([^/]+)$/, (request, response, [id]) => {
      runs.get(id).isStopped = true;
      sendJson(response, 202, { status: "cancelling" });
    }],
    ["GET", /^\/conversations$/, (request, response, _, query) => {
      const text = (query.get("text") ?? "").toLowerCase();
      const all = [...conversations.values()].filter((kept) => `${kept.title} ${kept.turns.map((turn) => turn.question).join(" ")}`.toLowerCase().includes(text));
      sendJson(response, 200, { conversations: all.reverse().slice(0, Number(query.get("limit") ?? 50)).map(summarize) });
    }],
    ["GET", /^\/conversations\/([^/]+)$/, (request, response, [id], query) => {
      const kept = conversations.get(id);
      if (!kept) return sendJson(response, 404, { error: "not_found", message: "there is no such conversation" });
      if (query.get("format") !== "markdown") return sendJson(response, 200, { ...summarize(kept), turns: kept.turns });
      response.writeHead(200, { "Content-Type": "text/markdown" });
      return response.end(`# ${kept.title}\n\n${kept.turns.map((turn) => `## ${turn.question}\n\n${turn.answer.response}\n`).join("\n")}`);
    }],
    ["PATCH", /^\/conversations\/([^/]+)$/, async (request, response, [id]) => {
      const kept = conversations.get(id);
      kept.title = (await readJson(request)).title;
      sendJson(response, 200, summarize(kept));
    }],
    ["DELETE", /^\/conversations\/([^/]+)$/, (request, response, [id]) => {
      conversations.delete(id);
      response.writeHead(204).end();
    }],
    ["POST", /^\/run$/, async (request, response) => {
      const body = await readJson(request);
      const run = new Run("test-run");
      run.asked = body;
      run.follow(response, 0);
      let isGone = false;
      response.on("close", () => (isGone = true));
      const script = scripts.find(({ run: action }) => action?.(body));
      await script.play(run, body, () => isGone);
      wire.lastRun = { body, isGone };
    }],
  ];

  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, target);
    for (const [method, pattern, handler] of routes) {
      const match = pattern.exec(url.pathname);
      if (!match || method !== request.method || !wire.takes(method, url.pathname)) continue;
      seen.push(`${method} ${url.pathname}`);
      return handler(request, response, match.slice(1).map(decodeURIComponent), url.searchParams);
    }
    const headers = { ...request.headers, host: url.host };
    if (headers.origin) headers.origin = url.origin;
    const onward = http.request(url, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    return request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const wire = {
    url: `http://127.0.0.1:${server.address().port}`,
    runs,
    conversations,
    seen,
    lastRun: null,
    takes: () => true, // which routes are the script's
    stop: () => {
      for (const run of runs.values()) run.isStopped = true;
      server.close();
      server.closeAllConnections();
    },
  };
  return wire;
}
