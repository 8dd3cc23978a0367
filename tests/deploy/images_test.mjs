// deploy/Dockerfile and deploy/setup.sh: the images can be built, hold what they need, and are made of one list.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { execFile } from "node:child_process";
import test from "node:test";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { binary, readSettings, readText, root, run, tryRun } from "./support.mjs";

const text = readText("deploy/Dockerfile");
const finalStages = ["api", "ingest", "runner"];

// Each stage: its name, what it is made from, and its instructions with their arguments on one line.
const stages = [];
for (const instruction of DockerfileParser.parse(text).getInstructions()) {
  const keyword = instruction.getKeyword().toUpperCase();
  if (keyword === "FROM") stages.push({ name: instruction.getBuildStage(), from: instruction.getImage(), steps: [] });
  const { start, end } = instruction.getRange();
  const written = text.split("\n").slice(start.line, end.line + 1).join("\n").replaceAll(/\s*\\\n\s*/g, " ");
  stages.at(-1).steps.push({ keyword, words: written.slice(keyword.length).trim(), instruction });
}
const stageNamed = (name) => stages.find((stage) => stage.name === name);

// A stage's instructions with those that it inherits, in the order in which they count.
function lineage(stage) {
  const base = stageNamed(stage.from);
  return [...(base ? lineage(base) : []), ...stage.steps];
}

const packages = (list) => run("deploy/setup.sh", "--list", list).trim().split("\n");

test("Dockerfile: parses without a complaint", () => {
  assert.deepEqual(validate(text).map((fault) => `${fault.range.start.line + 1}: ${fault.message}`), []);
});

test("Dockerfile: every stage that is named exists, and every other image has a tag", () => {
  for (const name of finalStages) assert.ok(stageNamed(name), name);
  for (const { steps, from } of stages) {
    assert.ok(stageNamed(from) || /^debian:12\S*$/.test(from), from);
    for (const { words } of steps) {
      for (const [, name] of words.matchAll(/--from=(\S+)/g)) assert.ok(stageNamed(name), `--from=${name}`);
    }
  }
});

test("Dockerfile: what it copies exists and is in the build's context", () => {
  const context = readText("deploy/Dockerfile.dockerignore").split("\n").filter((line) => line.startsWith("!"));
  const sources = [];
  for (const { keyword, words } of stages.flatMap((stage) => stage.steps)) {
    if (keyword === "COPY" && !words.includes("--from=")) {
      sources.push(...words.split(/\s+/).filter((word) => !word.startsWith("--")).slice(0, -1));
    }
    for (const [, source] of words.matchAll(/--mount=type=bind,source=([^,\s]+)/g)) sources.push(source);
  }
  assert.ok(sources.length > 5);
  for (const source of sources) {
    assert.ok(existsSync(path.join(root, source)), `${source} doesn't exist`);
    const shown = context.some((line) => source === line.slice(1) || source.startsWith(`${line.slice(1)}/`));
    assert.ok(shown, `${source} is left out by Dockerfile.dockerignore`);
  }
});

test("Dockerfile: every image runs as a user with a number other than 0, and starts the program itself", () => {
  for (const name of finalStages) {
    const last = (keyword) => lineage(stageNamed(name)).findLast((step) => step.keyword === keyword)?.words;
    assert.match(last("USER"), /^[1-9]\d*:[1-9]\d*$/, name);
    assert.equal(last("ENTRYPOINT"), '["codehelper"]', name);
    assert.match(last("HEALTHCHECK"), name === "ingest" ? /^NONE$/ : /CMD \["health-check", "80[08]0", "\/health"\]$/, name);
  }
});

test("Dockerfile: names no package, and only the Runner's image has the toolchains", () => {
  for (const { keyword, words } of stages.flatMap((stage) => stage.steps)) {
    if (keyword === "RUN") assert.doesNotMatch(words, /(^|[\s;&|]|bin\/)(apt|apt-get|aptitude|dpkg|npm|pip3?|gem|cargo)\s/);
  }
  const installed = (name) => lineage(stageNamed(name)).flatMap(({ words }) => words.match(/--install \w+/g) ?? []);
  assert.deepEqual(installed("api"), ["--install runtime"]);
  assert.deepEqual(installed("ingest"), ["--install runtime"]);
  assert.deepEqual(installed("runner"), ["--install runtime", "--install toolchains"]);
});

test("Dockerfile: what it sets means something to the program", () => {
  const outside = /## Outside of this program\n([^#]*)/.exec(readText("deploy/CONFIG.md"))[1];
  for (const { keyword, instruction } of stages.flatMap((stage) => stage.steps)) {
    if (keyword !== "ENV") continue;
    for (const name of instruction.getProperties().map((property) => property.getName())) {
      const known = readSettings().some((setting) => setting.name === name) || outside.includes(`\`${name}\``);
      assert.ok(known, name);
    }
  }
});

test("setup.sh: every package of every list is in Debian's index", (t) => {
  if (!readdirSync("/var/lib/apt/lists").some((file) => file.includes("_Packages"))) {
    return t.skip("this machine has no package index; apt-get update makes one");
  }
  const names = ["build", "tests", "runtime", "toolchains"].flatMap(packages);
  const policy = run("apt-cache", "policy", ...names);
  const found = [...policy.matchAll(/^(\S+):\n.*\n  Candidate: [^(\n]/gm)].map(([, name]) => name);
  assert.deepEqual(names.filter((name) => !found.includes(name)), []);
});

test("setup.sh: the toolchains are those that the Runner allows", () => {
  const allowed = readSettings().find((setting) => setting.name === "RUNNER_EXECUTABLES").standard.split(" ");
  const provided = [.../\bexecutables=\(([^)]*)\)/.exec(readText("deploy/setup.sh"))[1].matchAll(/\[([^\]]+)\]=/g)];
  assert.deepEqual(provided.map(([, name]) => name).sort(), allowed.sort());
});

// The packages that own files; /lib and /usr/lib are one folder, and either may be on record.
function ownersOf(files) {
  const names = files.flatMap((file) => [file, realpathSync(file)]).flatMap((file) => [file, file.replace(/^\/usr/, "")]);
  const owned = tryRun("dpkg-query", "-S", ...new Set(names)).stdout.trim().split("\n");
  const owners = new Map(owned.map((line) => [path.basename(line.slice(line.indexOf(": ") + 2)), line.split(":")[0]]));
  return files.map((file) => owners.get(path.basename(file)) ?? owners.get(path.basename(realpathSync(file))) ?? file);
}

// These packages and, by all that is installed here, the libraries that they depend on.
function withDependencies(names) {
  const installed = new Map();
  const list = run("dpkg-query", "-W", "-f=${Package}\t${Depends}, ${Pre-Depends}\n");
  for (const [name, depends] of list.trim().split("\n").map((line) => line.split("\t"))) {
    installed.set(name, depends.split(/[,|]/).map((each) => each.trim().split(/[ :]/)[0]).filter((each) => each.startsWith("lib")));
  }
  const seen = new Set();
  const rest = [...names];
  while (rest.length > 0) {
    const name = rest.pop();
    if (seen.has(name) || !installed.has(name)) continue;
    seen.add(name);
    rest.push(...installed.get(name));
  }
  return seen;
}

test("setup.sh: the runtime list is what the program loads, no less and no more", () => {
  const loaded = [...run("ldd", binary).matchAll(/(\/\S+) \(0x/g)].map(([, file]) => file);
  const owners = new Set(ownersOf(loaded));
  const runtime = packages("runtime");
  const covered = withDependencies(runtime);
  assert.ok(owners.size > 5);
  assert.deepEqual([...owners].filter((name) => !covered.has(name)), []);
  assert.deepEqual(runtime.filter((name) => name !== "ca-certificates" && !owners.has(name)), []);
});

test("health-check: only an answer of 200 is health", async () => {
  const server = http.createServer((request, response) => {
    response.writeHead(request.url === "/health" ? 200 : 503).end();
  });
  const silent = net.createServer(() => {});
  server.listen(0, "127.0.0.1");
  silent.listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(silent, "listening")]);
  const check = (port, target) =>
    new Promise((resolve) => {
      execFile(path.join(root, "deploy/health-check.sh"), [String(port), target], { timeout: 10_000 }, (error) => resolve(error?.code ?? 0));
    });

  const codes = await Promise.all([
    check(server.address().port, "/health"), check(server.address().port, "/readyz"),
    check(silent.address().port, "/health"), check(1, "/health"),
  ]);
  server.close();
  silent.close();

  assert.equal(codes[0], 0);
  assert.ok(codes.slice(1).every((code) => code !== 0), codes.join(" "));
});
