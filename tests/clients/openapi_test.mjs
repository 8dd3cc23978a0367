// GET /openapi.json is true: every call that it documents is made, and each answer holds its schema. The README's calls
// and set-ups work as they are written.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import Ajv2020 from "ajv/dist/2020.js";
import { Program, Repository, binary, until } from "../crew/support.mjs";

const here = path.dirname(new URL(import.meta.url).pathname);
const readme = readFileSync(path.join(here, "..", "..", "README.md"), "utf8");
const run = promisify(execFile);

let repository;
let program;
let document;
let ajv;

before(async () => {
  repository = new Repository({
    "parser.py": "def parse_headers(text):\n    return text.split()\n",
    Makefile: "test:\n\techo tested\n",
    "README.md": "# Demo\n\nIt parses headers.\n",
  });
  program = await Program.start(repository);
  document = await program.get("/openapi.json");
  ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(document, "openapi");
});
after(async () => {
  await program?.stop();
  repository?.remove();
});

// What the document says of an answer's body.
function check(operation, answer, text) {
  const [, documented] = Object.entries(operation.responses).find(([status]) => status === String(answer.status)) ?? [
    "default",
    operation.responses.default,
  ];
  if (!documented.content) return assert.equal(text, "");
  const type = answer.headers.get("content-type").split(";")[0];
  const content = documented.content[type];
  assert.ok(content, `${type} is not documented`);
  const value = type === "application/json" ? JSON.parse(text) : text;
  const target = content.schema.$ref ? { $ref: `openapi${content.schema.$ref}` } : content.schema;
  const validate = ajv.compile(target);
  assert.ok(validate(value), `${JSON.stringify(validate.errors, null, 1)}\n${text}`);
  return value;
}

async function call(method, template, { parameters = {}, query = "", body, headers = {}, status } = {}) {
  const operation = document.paths[template][method];
  assert.ok(operation, `${method} ${template} is not documented`);
  const target = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(parameters[name])) + query;
  const answer = await fetch(program.url + target, {
    method: method.toUpperCase(),
    headers: { ...(body ? { "Content-Type": "application/json" } : {}), ...headers },
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await answer.text();
  assert.equal(answer.status, status ?? Number(Object.keys(operation.responses)[0]), text);
  made.add(`${method} ${template}`);
  return check(operation, answer, text);
}
const made = new Set();
const events = { headers: { Accept: "text/event-stream" } };
const ask = { model: "codehelper", messages: [{ role: "user", content: "where is parse_headers" }] };

test("every documented call is made, and each answer holds its schema", async () => {
  const project_path = repository.root;
  for (const target of ["/health", "/readyz", "/metrics", "/openapi.json"]) await call("get", target);
  await call("get", "/project");
  await call("get", "/project", { query: `?project_path=${encodeURIComponent(project_path)}` });
  await call("post", "/project", { body: { project_path } });
  await call("post", "/project", { body: { project_path: "relative" }, status: 400 });
  await call("get", "/doctor");
  await call("get", "/project/skipped", { query: `?project_path=${encodeURIComponent(project_path)}` });
  await call("get", "/files", { query: "?path=parser.py&start_line=1&end_line=2" });
  await call("get", "/files", { query: "?path=none.py", status: 404 });
  await call("get", "/directories", { query: `?prefix=${encodeURIComponent(path.dirname(project_path))}/` });
  await call("post", "/search", { body: { query: "parse headers", limit: 3 } });
  await call("post", "/search", { body: { query: "parse headers" }, query: "?explain=1" });
  await call("post", "/search", { body: {}, status: 422 });
  await call("post", "/symbols", { body: { name: "parse_headers" } });
  const chat = await call("post", "/chat", { body: { message: "where is parse_headers", conversation_id: "demo" } });
  await call("post", "/chat", { body: { message: "where is parse_headers" }, ...events });
  await call("get", "/chat/{run_id}/events", { parameters: chat });
  await call("get", "/chat/{run_id}/events", { parameters: { run_id: "none" }, status: 404 });
  await call("delete", "/chat/{run_id}", { parameters: chat });
  await call("get", "/conversations", { query: "?limit=5" });
  await call("get", "/conversations/{id}", { parameters: { id: "demo" } });
  await call("get", "/conversations/{id}", { parameters: { id: "demo" }, query: "?format=markdown" });
  await call("patch", "/conversations/{id}", { parameters: { id: "demo" }, body: { title: "Headers" } });
  await call("delete", "/conversations/{id}", { parameters: { id: "demo" } });
  await call("post", "/run", { body: { project_path, action: "run_tests" } });
  await call("post", "/run", { body: { project_path, action: "run_tests" }, ...events });
  await call("post", "/run", { body: { project_path, action: "deploy" }, status: 422 });
  await call("get", "/v1/models");
  await call("get", "/v1/models/{id}", { parameters: { id: "codehelper" } });
  await call("get", "/v1/models/{id}", { parameters: { id: "other" }, status: 404 });
  await call("post", "/v1/chat/completions", { body: ask });
  await call("post", "/v1/chat/completions", { body: { ...ask, stream: true } });
  await call("post", "/mcp", { body: { jsonrpc: "2.0", id: 1, method: "tools/list" } });
  await call("post", "/mcp", { body: { jsonrpc: "2.0", id: 1 }, status: 400 });
  await call("post", "/project", { body: { project_path, reindex: true } });
  await call("delete", "/project/job");

  const documented = Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.keys(operations).map((method) => `${method} ${template}`),
  );
  assert.deepEqual([...made].sort(), documented.sort());
});

// The fenced blocks of a kind below a heading.
function blocksOf(heading, language) {
  const begin = readme.indexOf(`## ${heading}\n`);
  assert.ok(begin >= 0, `the README has no ${heading}`);
  const section = readme.slice(begin, readme.indexOf("\n## ", begin + 1));
  return [...section.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, "g"))].map((found) => found[1]);
}
function adapt(text) {
  return text
    .replaceAll("http://127.0.0.1:8000", program.url)
    .replaceAll("/path/to/repository", repository.root);
}

test("the README has one working call for each route", async () => {
  await until("the end of what the test before has cancelled", async () => {
    await program.post("/project", { project_path: repository.root });
    return (await program.get("/project")).index_status === "ready";
  });
  const script = adapt(blocksOf("One call a route", "sh").join("\n"));
  const done = await run("bash", ["-euo", "pipefail", "-c", script], { maxBuffer: 1 << 26 });
  assert.doesNotMatch(done.stdout, /"error":"/);
  for (const [template, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) {
      const target = template.replace("{run_id}", "$run_id").replace("{id}", template.includes("models") ? "codehelper" : "demo");
      const verb = method === "get" ? "" : `-X ${method.toUpperCase()} `;
      const wanted = new RegExp(`curl [^\\n]*${verb}[^\\n]*${target.replace(/[$.]/g, "\\$&")}(?=["'? \\n)])`);
      assert.match(script, wanted, `no call of ${method} ${template}`);
    }
  }
});

test("set-ups for the Model Context Protocol start a server that answers", async () => {
  const setups = blocksOf("Editors and chat programs", "json").map((text) => JSON.parse(adapt(text)));
  assert.equal(setups.length, 3);
  for (const setup of setups) {
    const servers = Object.values(setup.mcpServers ?? setup.servers);
    assert.ok(servers.length > 0);
    for (const server of servers) {
      if (server.url) {
        const answer = await fetch(server.url, {
          method: "POST",
          headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream" },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } }),
        });
        assert.equal((await answer.json()).result.serverInfo.name, "codehelper");
        continue;
      }
      assert.equal(server.command, "codehelper");
      const talk = execFile(binary, server.args, {
        env: { PATH: process.env.PATH, HOME: repository.top, CODEHELPER_DATA_DIR: path.join(repository.top, "mcp") },
      });
      let output = "";
      talk.stdout.on("data", (piece) => (output += piece));
      talk.stdin.end('{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n');
      await new Promise((resolve) => talk.on("close", resolve));
      assert.equal(JSON.parse(output).result.tools.length, 9);
    }
  }
});

// As their documentation and sources have it: what each asks of an OpenAI endpoint.
for (const [name, calls] of [
  ["Open WebUI", [
    ["GET", "/models"],
    ["POST", "/chat/completions", { ...ask, stream: true, stream_options: { include_usage: true } }],
    ["POST", "/chat/completions", { ...ask, stream: false, messages: [{ role: "user", content:
      '### Task:\nGenerate a concise title.\n### Output:\nJSON format: { "title": "your concise title here" }\n' +
      "<chat_history>\nUSER: where is parse_headers\n</chat_history>" }] }],
  ]],
  ["Continue", [
    ["POST", "/chat/completions", { ...ask, stream: true, stream_options: { include_usage: true }, max_tokens: 4096,
      tools: [{ type: "function", function: { name: "read_file", parameters: {} } }], parallel_tool_calls: false }],
  ]],
  ["aider", [
    ["POST", "/chat/completions", { ...ask, stream: true, temperature: 0, messages: [
      { role: "system", content: "Act as an expert software developer." },
      { role: "user", content: "I am working in parser.py" }, { role: "assistant", content: "Ok." }, ...ask.messages] }],
  ]],
]) {
  test(`${name}: what it sends is answered`, async () => {
    assert.match(readme, new RegExp(`\\*\\*${name}`));
    for (const [method, target, body] of calls) {
      const answer = await fetch(`${program.url}/v1${target}`, {
        method,
        headers: { "Content-Type": "application/json", Authorization: "Bearer any", "x-api-key": "any" },
        body: body ? JSON.stringify(body) : undefined,
      });
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      if (!body) continue;
      if (!body.stream) {
        assert.deepEqual(JSON.parse(JSON.parse(text).choices[0].message.content), { title: "where is parse_headers" });
        continue;
      }
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      const lines = text.split("\n").filter((line) => line);
      for (const line of lines) assert.match(line, /^(data: (\{.*\}|\[DONE\])|: keep-alive)$/);
      assert.equal(lines.at(-1), "data: [DONE]");
    }
  });
}
