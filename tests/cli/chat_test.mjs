// `codehelper chat` against the program's own server and a scripted model.
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { LLMock } from "../support/llm/node_modules/@copilotkit/aimock/dist/index.js";
import { Program, Repository, until } from "../crew/support.mjs";
import { Terminal, run } from "./support.mjs";

const kAnswer = "Lines are split in `parser.py:1-2`, and nowhere in `parser.py:90`.";
let mock;
let repository;
let program;
let client;

function text(message) {
  return typeof message?.content === "string" ? message.content : JSON.stringify(message?.content ?? "");
}
function isPlan(request) {
  return (request.tools ?? []).length === 0 && text(request.messages[0]).includes("Manager");
}
function said(request) {
  return request.messages.filter(({ role }) => role === "user").map(text).join("\n");
}
// A scripted answer to whoever says `word`, when `results` results of tools are there.
function answer(word, results, response, options) {
  const predicate = (request) =>
    !isPlan(request) &&
    said(request).includes(word) &&
    request.messages.filter(({ role }) => role === "tool").length === results;
  mock.addFixture({ match: { predicate }, response, ...options });
}
function requestsAbout(word) {
  return mock.journal.getAll().map(({ body }) => body).filter((body) => body?.messages && said(body).includes(word));
}

// How many runs were stopped by name, and how many answers have ended, by the server's log.
function ended() {
  const count = (pattern) => [...program.output.matchAll(pattern)].length;
  return {
    stopped: count(/"method":"DELETE","path":"\/chat\/[0-9a-f]+","status":202/g),
    answers: count(/"method":"POST","path":"\/chat","status":200/g),
  };
}
function awaitStop(earlier) {
  return until("the end of the run", () => ended().stopped > earlier.stopped && ended().answers > earlier.answers);
}

before(async () => {
  mock = new LLMock({ port: 0, chunkSize: 8 });
  mock.addFixture({
    match: { predicate: isPlan },
    response: { content: '{"roles":["coder"],"searches":[],"web_searches":[],"edit":false}' },
  });
  await mock.start();
  repository = new Repository({
    "parser.py": "def parse_headers(text):\n    return text.splitlines()\n",
    "binary.bin": "a\0b",
  });
  program = await Program.start(repository, { LLM_URL: `${mock.url}/v1`, LLM_MODEL: "gpt-4o" });
  client = { CODE_HELPER_API_URL: program.url, CODEHELPER_DATA_DIR: path.join(repository.top, "client") };

  const read = { id: "c1", name: "read_lines", arguments: '{"path":"parser.py","start_line":1,"end_line":2}' };
  answer("where", 0, { toolCalls: [read] });
  answer("where", 1, { content: kAnswer });
  for (const [word, name] of [["PIPE-IN", "stdin"], ["FILES", "b.txt"]]) {
    const open = { id: "c2", name: "read_lines", arguments: JSON.stringify({ path: `attachment:${name}`, start_line: 1, end_line: 1 }) };
    answer(word, 0, { toolCalls: [open] });
    answer(word, 1, { content: "Read." });
  }
  answer("slowly", 0, { content: "One word after the other, for a long time. ".repeat(30) }, { latency: 100 });
  answer("quickly", 0, { content: "Done at once." });
});

after(async () => {
  assert.equal(await program.stop(), 0);
  await mock.stop();
  repository.remove();
});

test("the answer is on standard output, tool calls and sources on standard error, with what is unverified marked", async () => {
  const { stdout, stderr, status } = await run(["chat", "where is it split?"], { env: client });

  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Lines are split in `parser\.py:1-2`, and nowhere in `parser\.py:90` \[unverified\]\.\n$/);
  assert.match(stderr, /^read_lines path=parser\.py start_line=1 end_line=2: .+$/m);
  assert.match(stderr, /^  parser\.py:1-2$/m);
  assert.doesNotMatch(stdout + stderr, /\x1b/);
});

test("--json prints the whole answer and nothing else, with plain numbers", async () => {
  const { stdout, status } = await run(["chat", "--json", "where is it split?"], { env: client });

  assert.equal(status, 0);
  const whole = JSON.parse(stdout);
  assert.equal(whole.model, "gpt-4o");
  assert.ok(whole.sources.length > 0);
  assert.doesNotMatch(stdout, /\dE[-+]?\d/);
});

test("what is piped in is the message, or is attached to one", async () => {
  const alone = await run(["chat"], { env: client, input: "answer quickly: PIPED-ALONE" });
  const beside = await run(["chat", "what of this PIPE-IN?"], { env: client, input: "PIPED-BESIDE\n" });
  const nothing = await run(["chat"], { env: client, input: " \n" });

  assert.equal(alone.stdout, "Done at once.\n");
  assert.ok(requestsAbout("PIPED-ALONE").length > 0);
  assert.equal(beside.status, 0, beside.stderr);
  assert.ok(requestsAbout("PIPE-IN").some((body) => JSON.stringify(body).includes("PIPED-BESIDE")));
  assert.equal(nothing.status, 2);
  assert.match(nothing.stderr, /no message; give one as MESSAGE/);
});

test("files are attached, and those that are no text, too large or missing are refused by name", async () => {
  const top = repository.top;
  writeFileSync(path.join(top, "a.txt"), "ATTACHED-A");
  writeFileSync(path.join(top, "b.txt"), "ATTACHED-B");
  writeFileSync(path.join(top, "large.txt"), "x".repeat(1024 * 1024 + 1));
  const attach = (...files) =>
    run(["chat", ...files.flatMap((file) => ["--attach", file]), "what of these FILES?"], { env: client, cwd: top });

  const both = await attach("a.txt", "b.txt");
  const binary = await attach("repo/binary.bin");
  const large = await attach("large.txt");
  const missing = await attach("c.txt");
  const folder = await attach("repo");

  assert.equal(both.status, 0, both.stderr);
  const sent = JSON.stringify(requestsAbout("FILES"));
  assert.match(sent, /attachment:a\.txt/);
  assert.match(sent, /ATTACHED-B/);
  assert.deepEqual([binary.status, large.status, missing.status, folder.status], [1, 1, 1, 1]);
  assert.match(binary.stderr, /binary\.bin is no text/);
  assert.match(large.stderr, /large\.txt is larger than 1 MiB/);
  assert.match(missing.stderr, /c\.txt can't be read: No such file/);
  assert.match(folder.stderr, /repo can't be read: Is a directory/);
});

test("a conversation goes on by its id, and the last one with --continue", async () => {
  const first = JSON.parse((await run(["chat", "--json", "quickly: FIRST-TURN"], { env: client })).stdout);
  const named = await run(["chat", "--conversation", first.conversation_id, "quickly: SECOND-TURN"], { env: client });
  const last = await run(["chat", "--continue", "quickly: THIRD-TURN"], { env: client });
  const both = await run(["chat", "--continue", "--conversation", "x", "quickly"], { env: client });

  assert.equal(named.status, 0, named.stderr);
  assert.equal(last.status, 0, last.stderr);
  assert.ok(requestsAbout("THIRD-TURN").some((body) => /FIRST-TURN.*SECOND-TURN/s.test(JSON.stringify(body))));
  assert.equal(both.status, 2);
});

test("Ctrl-C ends a single question with status 130, and the model is let go", async () => {
  const earlier = ended();
  const { status, stderr } = await run(["chat", "tell me slowly"], {
    env: client,
    on_start: async (child) => {
      await until("a question to the model", () => requestsAbout("tell me slowly").length > 0);
      child.kill("SIGINT");
    },
  });

  assert.equal(status, 130, stderr);
  assert.match(stderr, /the answer was stopped/);
  await awaitStop(earlier);
});

test("on a terminal: streams, Ctrl-C stops the answer and not the program, twice on an empty line ends it", async () => {
  const earlier = ended();
  const terminal = new Terminal(["chat"], client);
  await terminal.awaits(/> /);
  terminal.type("tell me slowly\r");
  await terminal.awaits(/One word after/);
  terminal.type("\x03");
  await terminal.awaits(/the answer was stopped/);
  await awaitStop(earlier);
  await terminal.awaits(/> /);
  terminal.type("answer quickly\r");
  await terminal.awaits(/Done at once\./);
  await terminal.awaits(/> /);
  terminal.type("half a line\x03");
  await terminal.awaits(/half a line\s+> /);
  terminal.type("\x03");
  await terminal.awaits(/once more to end.*> /s);
  terminal.type("\x03");

  assert.equal(await terminal.ended, 0);
});

test("on a terminal: what was typed is kept for the next time, for its owner only; Ctrl-D ends", async () => {
  const env = { ...client, CODEHELPER_DATA_DIR: path.join(repository.top, "typed"), NO_COLOR: "1" };
  const first = new Terminal(["chat"], env);
  await first.awaits(/> /);
  first.type("answer quickly: naïve\r");
  await first.awaits(/Done at once\./);
  await first.awaits(/> /);
  first.type("\x04");
  assert.equal(await first.ended, 0);

  const history = path.join(env.CODEHELPER_DATA_DIR, "chat_history");
  assert.equal(readFileSync(history, "utf8"), "answer quickly: naïve\n");
  assert.equal(statSync(history).mode & 0o777, 0o600);

  const second = new Terminal(["chat"], env);
  await second.awaits(/> /);
  second.type("\x1b[A");
  await second.awaits(/answer quickly: na/);
  second.type("\r");
  await second.awaits(/Done at once\./);
  await second.awaits(/> /);
  second.type("\x04");
  assert.equal(await second.ended, 0);
});

test("what a model says can't steer the terminal, and colours go with NO_COLOR and TERM=dumb", async () => {
  answer("escape", 0, { content: "a\x1b[2Jb\x9bc \x07 end." });
  const show = async (env) => {
    const terminal = new Terminal(["chat", "escape now"], { ...client, ...env });
    await terminal.ended;
    return terminal.shown;
  };

  const coloured = await show({});
  const plain = await show({ NO_COLOR: "1" });
  const dumb = await show({ TERM: "dumb" });

  assert.match(coloured, /a\[2Jbc {2}end\./);
  for (const shown of [plain, dumb]) assert.doesNotMatch(shown, /\x1b/);
});

test("an answer of no server says what to do", async () => {
  const { status, stdout, stderr } = await run(["chat", "x"], { env: { CODE_HELPER_API_URL: "http://127.0.0.1:9" } });

  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /start a server with codehelper dev, or set CODE_HELPER_API_URL/);
});
