// The program as its users start it, with a model server that we did not write (npm @copilotkit/aimock) and a proxy
// before it that sees connections come and go.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

export const binary = process.env.TEST_BINARY;

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export async function until(what, condition, limit = 10_000) {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    const value = await condition();
    if (value) return value;
    await sleep(10);
  }
  return assert.fail(`not within ${limit} ms: ${what}`);
}

// A git repository with the given files, by path.
export class Repository {
  constructor(files) {
    this.top = mkdtempSync(path.join(os.tmpdir(), "codehelper-crew-"));
    this.root = path.join(this.top, "repo");
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    this.git("init", "-q");
    this.git("add", "-A");
    this.git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "first");
  }
  write(name, text) {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  read(name) {
    return readFileSync(path.join(this.root, name), "utf8");
  }
  git(...args) {
    return execFileSync("git", args, { cwd: this.root, encoding: "utf8" });
  }
  remove() {
    rmSync(this.top, { recursive: true, force: true });
  }
}

// `codehelper dev` on the repository, its index ready.
export class Program {
  // `token`: what is shown to a server that asks for one.
  static async start(repository, environment = {}, token = "") {
    const program = new Program();
    program.repository = repository;
    program.environment = environment;
    program.token = token;
    await program.launch();
    return program;
  }

  async launch() {
    const log = path.join(this.repository.top, "log");
    this.output = "";
    this.errors = "";
    this.child = spawn(binary, ["dev", this.repository.root, "--port", "0"], {
      env: {
        PATH: process.env.PATH,
        HOME: path.join(this.repository.top, "home"),
        CODEHELPER_DATA_DIR: path.join(this.repository.top, "data"),
        ...this.environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout.on("data", (piece) => (this.output += piece));
    this.child.stderr.on("data", (piece) => (this.errors += piece));
    this.log = log;
    this.url = await until(
      `the address in: ${this.errors}`,
      () => /listening on (\S+)/.exec(this.errors)?.[1] ?? (this.child.exitCode !== null ? assert.fail(this.errors) : null),
      60_000,
    );
    await until("a ready index", async () => (await this.get("/project")).index_status === "ready", 60_000);
  }

  async get(target) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    return (await fetch(this.url + target, { headers })).json();
  }
  post(target, body, options = {}) {
    return fetch(this.url + target, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...options.headers },
      body: JSON.stringify(body),
      signal: options.signal,
    });
  }
  async chat(message, more = {}) {
    const answer = await this.post("/chat", { message, ...more });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.json();
  }
  // The events of an answer; `on_event` sees each as it comes, and `signal` leaves.
  async stream(body, { on_event = () => {}, signal } = {}) {
    const answer = await this.post("/chat", body, { headers: { Accept: "text/event-stream" }, signal });
    return readEvents(answer, on_event);
  }
  kill() {
    this.child.kill("SIGKILL");
    return until("the end of the process", () => this.child.exitCode !== null || this.child.signalCode !== null);
  }
  async stop() {
    this.child.kill("SIGTERM");
    await until("the end of the process", () => this.child.exitCode !== null || this.child.signalCode !== null, 40_000);
    return this.child.exitCode;
  }
}

export async function readEvents(answer, on_event = () => {}) {
  const events = [];
  let text = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = { comment: part.startsWith(":") };
      for (const line of part.split("\n")) {
        const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
        if (field) event[field] = field === "data" ? JSON.parse(value) : value;
      }
      if (!event.comment) events.push(event);
      on_event(event);
    }
  }
  return events;
}

// Passes connections on, and counts those that are open.
export class CountingProxy {
  static async start(port) {
    const proxy = new CountingProxy();
    proxy.open = 0;
    proxy.server = net.createServer((caller) => {
      const peer = net.connect(port, "127.0.0.1");
      proxy.open += 1;
      caller.on("close", () => (proxy.open -= 1));
      for (const [from, to] of [
        [caller, peer],
        [peer, caller],
      ]) {
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }
  stop() {
    this.server.close();
  }
}

export function exists(file) {
  return existsSync(file);
}

// A tokens file beside the repository; `scopes` by name. Gives the tokens by name, and the environment that names the file.
export function makeTokens(repository, scopes) {
  const tokens = {};
  let lines = "";
  for (const [name, allowed] of Object.entries(scopes)) {
    const made = JSON.parse(execFileSync(binary, ["token", name, "--scopes", allowed, "--json"], { encoding: "utf8" }));
    tokens[name] = made.token;
    lines += `${made.line}\n`;
  }
  const file = path.join(repository.top, "tokens");
  writeFileSync(file, lines, { mode: 0o600 });
  return { tokens, environment: { CODEHELPER_TOKENS_FILE: file } };
}
