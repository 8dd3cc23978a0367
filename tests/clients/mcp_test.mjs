// The Model Context Protocol as the conformance suites and the Inspector's command line see it, over HTTP and stdio.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Program, Repository, binary, makeTokens, until } from "../crew/support.mjs";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const modules = path.join(here, "node_modules");
// The suites need a newer Node than Debian's.
const node = path.join(modules, `node-linux-${os.arch()}`, "bin", "node");
const run = promisify(execFile);

let scratch;
let fixtures;
let fixturesUrl;
let repository;
let program;

before(async () => {
  scratch = mkdtempSync(path.join(os.tmpdir(), "codehelper-mcp-"));
  fixtures = spawn(process.env.TEST_MCP_FIXTURES, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  fixtures.stdout.on("data", (piece) => (output += piece));
  fixturesUrl = await until("the fixture server", () => /\S+/.exec(output)?.[0]);
  repository = new Repository({
    "parser.py": "def parse_headers(text):\n    return text.split()\n",
    Makefile: "test:\n\techo tested\n",
  });
  program = await Program.start(repository);
});
after(async () => {
  fixtures?.stdin.end();
  await program?.stop();
  repository?.remove();
  rmSync(scratch, { recursive: true, force: true });
});

async function conform(name, entry, ...options) {
  const folder = path.join(scratch, name);
  const call = [path.join(modules, entry, "dist", "index.js"), "server", "--url", fixturesUrl, "-o", folder, ...options];
  try {
    const done = await run(node, call, { cwd: scratch, maxBuffer: 1 << 26 });
    return done.stdout;
  } catch (error) {
    return assert.fail(`${error.stdout}\n${error.stderr}`);
  }
}

test("conformance 0.1.16: the legacy era, but for what the baseline names", async () => {
  const baseline = path.join(here, "mcp_baseline_legacy.yml");
  await conform("legacy", "@modelcontextprotocol/conformance", "--suite", "all", "--expected-failures", baseline);
});

test("conformance 0.2.0: the modern era, but for what the baseline names", async () => {
  const baseline = path.join(here, "mcp_baseline_modern.yml");
  await conform("modern", "conformance-modern", "--requirements", "2026-07-28", "--expected-failures", baseline);
});

async function inspect(target, ...options) {
  const inspector = path.join(modules, "@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js");
  const done = await run(node, [inspector, "--cli", ...target, ...options, "--format", "json", "-q"], {
    cwd: scratch,
    maxBuffer: 1 << 26,
    env: {
      PATH: `${path.dirname(node)}:${process.env.PATH}`,
      HOME: scratch,
      CODEHELPER_DATA_DIR: path.join(repository.top, "stdio-data"),
    },
  });
  return JSON.parse(done.stdout).result;
}

const toolNames = [
  "search_code", "read_lines", "list_files", "find_symbol", "grep", "ask", "run_tests", "project_status", "index_project",
];
const stdio = () => [binary, "mcp", repository.root, "--stdio"];

for (const era of ["legacy", "modern"]) {
  for (const [way, target] of [
    ["http", () => [`${program.url}/mcp`]],
    ["stdio", stdio],
  ]) {
    test(`inspector: the tools over ${way} in the ${era} era`, async () => {
      const options = ["--protocol-era", era];
      const { tools } = await inspect(target(), "--method", "tools/list", "--strict", ...options);
      assert.deepEqual(tools.map((tool) => tool.name), toolNames);
      for (const tool of tools) assert.ok(tool.title && tool.description && tool.outputSchema && tool.annotations);

      const call = async (name, given) =>
        inspect(target(), "--method", "tools/call", "--tool-name", name, "--tool-args-json", JSON.stringify(given), ...options);
      const status = await call("index_project", {});
      assert.equal(status.structuredContent.index_status, "ready");
      const found = await call("search_code", { query: "parse headers" });
      assert.equal(found.structuredContent.hits[0].path, "parser.py");
      assert.deepEqual(JSON.parse(found.content[0].text), found.structuredContent);
      const tested = await call("run_tests", {});
      assert.match(tested.structuredContent.stdout, /tested/);
    });
  }
}

test("inspector: a token sees and calls the tools of its scopes", async (t) => {
  const own = new Repository({ "parser.py": "def parse_headers(text):\n    return text.split()\n" });
  t.after(() => own.remove());
  const { tokens, environment } = makeTokens(own, { reader: "read" });
  const guarded = await Program.start(own, environment, tokens.reader);
  t.after(() => guarded.stop());
  const ask = (token, ...given) => inspect([`${guarded.url}/mcp`], "--header", `Authorization: Bearer ${token}`, "--method", ...given);
  const call = (token, name, given) => ask(token, "tools/call", "--tool-name", name, "--tool-args-json", JSON.stringify(given));

  const { tools } = await ask(tokens.reader, "tools/list");
  assert.deepEqual(tools.map((tool) => tool.name), toolNames.filter((name) => !["ask", "run_tests", "index_project"].includes(name)));
  assert.equal((await call(tokens.reader, "search_code", { query: "parse headers" })).structuredContent.hits[0].path, "parser.py");
  await assert.rejects(call(tokens.reader, "index_project", {}), /not found on server/);  // in the client's own words
  await assert.rejects(call("guess", "search_code", { query: "parse headers" }));
});
