// The other modes of the command line: search, run-tests, project, index, why, doctor, completion, man.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { Program, Repository, binary } from "../crew/support.mjs";
import { Terminal, run } from "./support.mjs";

const kIgnored = {
  ".gitignore": "*.log\n/build/\n!keep.log\ndocs/**/draft.md\n\n# a comment\n\\#odd\n",
  "src/.gitignore": "generated/\n!*.log\n*.tmp\n",
  "src/deep/.gitignore": "/only_here\n!b.tmp\n*.log\n",
  "a.log": "a\n",
  "keep.log": "a\n",
  "build/out.c": "a\n",
  "build/deep/x.c": "a\n",
  "src/build/in.c": "a\n",
  "src/a.log": "a\n",
  "src/generated/x.c": "a\n",
  "src/x.tmp": "a\n",
  "src/deep/only_here": "a\n",
  "src/deep/x/only_here": "a\n",
  "src/deep/b.tmp": "a\n",
  "src/deep/c.log": "a\n",
  "docs/draft.md": "a\n",
  "docs/a/b/draft.md": "a\n",
  "docs/a/final.md": "a\n",
  "private/notes.md": "a\n",
  "#odd": "a\n",
  "name with blank.log": "a\n",
  "naïve.log": "a\n",
};
let repository;
let program;
let client;

before(async () => {
  repository = new Repository({
    "parser.py": "def parse_headers(text):\n    return text.splitlines()\n",
    "test_parser.py":
      "import os\nfrom parser import parse_headers\n\n\ndef test_one():\n    assert parse_headers('a') == ['a']\n\n\n" +
      "def test_two():\n    assert os.environ.get('X') is None\n",
  });
  program = await Program.start(repository);
  client = { CODE_HELPER_API_URL: program.url };
});

after(async () => {
  assert.equal(await program.stop(), 0);
  repository.remove();
});

test("search: places on standard output, as JSON with plain numbers", async () => {
  const plain = await run(["search", "parse headers"], { env: client });
  const whole = await run(["search", "--json", "parse headers"], { env: client });

  assert.equal(plain.status, 0, plain.stderr);
  assert.match(plain.stdout, /^parser\.py:1-2/);
  assert.equal(JSON.parse(whole.stdout).hits[0].path, "parser.py");
  assert.doesNotMatch(whole.stdout, /\dE[-+]?\d/);
});

test("run-tests: output as it comes, the summary on standard error, the tests' own status", async () => {
  const passed = await run(["run-tests"], { env: client });
  const script = "import sys, time; print('begin', flush=True); time.sleep(2); print('end'); sys.exit(7)";
  let early = "";
  const failed = await run(["run-tests", "--", "python3", "-c", script], {
    env: client,
    on_start: (child, outcome) => child.stdout.once("data", () => (early = outcome.stdout)),
  });
  const whole = await run(["run-tests", "--json", "--", "python3", "-c", script], { env: client });

  assert.equal(passed.status, 0, passed.stderr);
  assert.match(passed.stdout, /2 passed/);
  assert.match(passed.stderr, /\S/);
  assert.match(early, /^begin\n?$/);
  assert.equal(failed.stdout, "begin\nend\n");
  assert.equal(failed.status, 7);
  assert.equal(whole.status, 7);
  assert.equal(JSON.parse(whole.stdout).exit_code, 7);
});

test("project: set, status, reindex, cancel", async () => {
  const other = { root: path.join(repository.top, "other") };
  mkdirSync(other.root);
  writeFileSync(path.join(other.root, "other.py"), "def other():\n    return 1\n");
  try {
    const set = await run(["project", "set", other.root, "--wait"], { env: client });
    const status = await run(["project", "status", "--json"], { env: client });
    const reindex = await run(["project", "reindex", "--wait"], { env: client });
    const cancel = await run(["project", "cancel"], { env: client });
    const missing = await run(["project", "set", path.join(other.root, "nowhere")], { env: client });
    const wrong = await run(["project", "sett", other.root], { env: client });
    const unnamed = await run(["project", "set"], { env: client });
    const too_much = await run(["project", "cancel", other.root], { env: client });

    assert.equal(set.status, 0, set.stderr);
    assert.match(set.stdout, new RegExp(`^project: ${other.root}\nindex:   ready\n.*1 files`, "s"));
    assert.equal(JSON.parse(status.stdout).project_path, other.root);
    assert.equal(reindex.status, 0, reindex.stderr);
    assert.equal(cancel.status, 1);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /nowhere/);
    assert.deepEqual([wrong.status, unnamed.status, too_much.status], [2, 2, 2]);
    assert.match(wrong.stderr, /set, status, cancel, reindex/);
  } finally {
    await run(["project", "set", repository.root, "--wait"], { env: client });
  }
});

// "file:line:pattern" by git for every path, and nothing for one that no rule ignores.
function rulesByGit(root, paths) {
  const rules = {};
  for (const name of paths) {
    const { stdout } = spawnSync("git", ["check-ignore", "-z", "-v", "--stdin"], {
      cwd: root,
      input: `${name}\0`,
      encoding: "utf8",
    });
    const [file, line, pattern] = stdout.split("\0");
    rules[name] = stdout === "" || pattern.startsWith("!") ? null : `${file}:${line}:${pattern}`;
  }
  return rules;
}

function filesBelow(root) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter((name) => !name.startsWith(".git/"));
}

test("index --plan and why say for every path what git check-ignore -v says", async () => {
  const nested = new Repository({ "tracked.log": "a\n" });
  try {
    for (const [name, text] of Object.entries(kIgnored)) nested.write(name, text);
    writeFileSync(path.join(nested.root, ".git/info/exclude"), "private/\n");
    const env = { HOME: path.join(nested.top, "home") };
    const paths = filesBelow(nested.root);
    const expected = rulesByGit(nested.root, paths);
    const ruleOf = (skipped) => (skipped?.rule ? `${skipped.rule.file}:${skipped.rule.line}:${skipped.rule.pattern}` : null);

    const plan = await run(["index", "--plan", "--json"], { env, cwd: nested.root });
    const why = await run(["why", "--json", ...paths], { env, cwd: nested.root });
    const plain = await run(["why", "src/x.tmp", "build"], { env, cwd: nested.root });
    const single = await run(["why", "keep.log"], { env, cwd: nested.root });
    const elsewhere = await run(["why", "--project", nested.root, "a.log", path.join(nested.root, "a.log")], { env, cwd: "/" });
    const inside = await run(["why", "deep/c.log"], { env, cwd: path.join(nested.root, "src") });
    const unknown = await run(["why", "nothing.c"], { env, cwd: nested.root });

    assert.ok(paths.length > 20);
    assert.ok(Object.values(expected).filter((rule) => rule !== null).length > 10);
    const answers = JSON.parse(why.stdout).files;
    assert.deepEqual(Object.fromEntries(answers.map(({ path: name, skipped }) => [name, ruleOf(skipped)])), expected);
    assert.ok(answers.every(({ indexed, skipped }) => indexed === (skipped === undefined)));
    const { files, skipped, estimated_seconds } = JSON.parse(plan.stdout);
    const planned = Object.fromEntries(files.map(({ path: name }) => [name, null]));
    for (const name of paths) {
      const holder = skipped.find(({ path: out }) => out === name || (out.endsWith("/") && name.startsWith(out)));
      if (holder) planned[name] = ruleOf(holder);
    }
    assert.deepEqual(planned, expected);
    assert.ok(estimated_seconds > 0);
    assert.equal(why.status, 1);
    assert.equal(plain.stdout, "src/x.tmp: ignored by src/.gitignore:3:*.tmp\nbuild/: ignored by .gitignore:2:/build/\n");
    assert.deepEqual([single.stdout, single.status], ["keep.log: indexed\n", 0]);
    assert.equal(elsewhere.stdout, "a.log: ignored by .gitignore:1:*.log\n".repeat(2));
    assert.equal(inside.stdout, "src/deep/c.log: ignored by src/deep/.gitignore:3:*.log\n");
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /no such file/);
    assert.deepEqual(readdirSync(nested.top), ["repo"]); // nothing was written
  } finally {
    nested.remove();
  }
});

test("index: indexes here, with its report as JSON", async () => {
  const own = new Repository({ "a.py": "def a():\n    return 1\n" });
  try {
    const env = { CODEHELPER_DATA_DIR: path.join(own.top, "data") };
    const plain = await run(["index", own.root], { env });
    const whole = await run(["index", "--json"], { env, cwd: own.root });

    assert.equal(plain.status, 0, plain.stderr);
    assert.equal(plain.stdout, "");
    assert.match(plain.stderr, /indexed 1 files/);
    const report = JSON.parse(whole.stdout);
    assert.deepEqual([report.files, report.embedded_files], [1, 0]);
  } finally {
    own.remove();
  }
});

test("doctor: the same findings as lines and as JSON", async () => {
  const env = { RUNNER_URL: program.url, CODEHELPER_DATA_DIR: path.join(repository.top, "doctor") };
  const plain = await run(["doctor"], { env });
  const whole = await run(["doctor", "--json"], { env });

  const { checks } = JSON.parse(whole.stdout);
  assert.equal(plain.status, whole.status);
  assert.equal(plain.stdout.trim().split("\n").length, checks.length);
  assert.ok(checks.some(({ subject, ok, state }) => subject === "runner" && ok && state === "ok"));
});

// What bash offers for the last word.
function complete(words, cwd) {
  const script =
    `source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _codehelper; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script, binary, ...words], { cwd, encoding: "utf8" }).split("\n").filter((line) => line !== "");
}

test("completion: bash offers modes, flags, choices and paths", () => {
  const place = path.join(repository.top, "complete");
  mkdirSync(path.join(place, "folder"), { recursive: true });
  writeFileSync(path.join(place, "file.txt"), "");

  assert.deepEqual(complete(["codehelper", "se"]), ["search", "serve-api", "serve-runner"]);
  assert.deepEqual(complete(["codehelper", "chat", "--con"]).sort(), ["--continue", "--conversation"]);
  assert.deepEqual(complete(["codehelper", "completion", ""]), ["bash", "zsh", "fish"]);
  assert.deepEqual(complete(["codehelper", "project", "--wait", "re"]), ["reindex"]);
  assert.deepEqual(complete(["codehelper", "project", "set", ""], place), ["folder"]);
  assert.deepEqual(complete(["codehelper", "chat", "--attach", "f"], place).sort(), ["file.txt", "folder"]);
  assert.deepEqual(complete(["codehelper", "chat", "--project", "f"], place), ["folder"]);
  assert.deepEqual(complete(["codehelper", "dev", "--sandbox", ""]), ["required", "auto", "off"]);
  assert.deepEqual(complete(["codehelper", "dev", "--sandbox", "=", "a"]), ["auto"]);
  assert.deepEqual(complete(["codehelper", "why", "--project", "folder", "f"], place).sort(), ["file.txt", "folder"]);
});

test("completion: every flag of every mode's help is offered", async () => {
  const { stdout } = await run(["--help"]);
  const modes = [...stdout.matchAll(/^  ([a-z-]+) {2,}/gm)].map(([, mode]) => mode).filter((name) => !name.startsWith("-"));
  assert.ok(modes.length > 10);
  for (const mode of modes) {
    const help = (await run([mode, "--help"])).stdout;
    const flags = [...help.matchAll(/^  (?:-\w,)?(--[a-z0-9-]+)/gm)].map(([, flag]) => flag);
    assert.deepEqual(complete(["codehelper", mode, "--"]).sort(), flags.sort(), mode);
  }
});

test("completion: zsh and fish take their scripts, and fish offers choices", () => {
  const load = 'autoload -U compinit; compinit -D; source <("$0" completion zsh); print -r -- $_comps[codehelper]';
  const zsh = spawnSync("zsh", ["-f", "-c", load, binary], { encoding: "utf8" });
  const ask = '$argv[1] completion fish | source; complete -C "codehelper completion "; complete -C "codehelper project --wa"';
  const env = { ...process.env, HOME: repository.top };
  const offered = spawnSync("fish", ["--no-config", "-c", ask, binary], { encoding: "utf8", env });

  assert.deepEqual([zsh.stdout, zsh.stderr], ["_codehelper\n", ""]);
  assert.match(offered.stdout, /^bash$/m);
  assert.match(offered.stdout, /^--wait\b/m);
});

test("man: roff without a warning, with every mode and the exit statuses", () => {
  const roff = execFileSync(binary, ["man"], { encoding: "utf8" });
  const page = spawnSync("groff", ["-man", "-Tascii", "-ww", "-P-c"], { input: roff, encoding: "utf8" });
  const shown = page.stdout.replace(/.\x08/g, "");

  assert.deepEqual([page.status, page.stderr], [0, ""]);
  for (const words of ["EXIT STATUS", "codehelper run-tests", "codehelper completion", "--conversation", "CODE_HELPER_API_URL"]) {
    assert.ok(shown.includes(words), words);
  }
});

test("colours are for terminals only", async () => {
  const terminal = new Terminal(["search", "parse headers"], client);
  await terminal.ended;
  const piped = await run(["search", "parse headers"], { env: client });

  assert.match(terminal.shown, /\x1b\[1mparser\.py:1-2\x1b\[0m/);
  assert.doesNotMatch(piped.stdout, /\x1b/);
});
