// The operator's documents: each command in them is run, against real servers where it can be and against stand-ins
// that know the deployment's files where it can't; each test that they name exists; each link leads somewhere.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { parse } from "yaml";
import { startCluster } from "./cluster.mjs";
import { binary, buildTree, postJson, readText, root, run, startServer } from "./support.mjs";

const documents = ["RUNBOOK.md", "STATE.md", "FAILURE-MODES.md", "CONFIG.md"];

function blocksOf(document) {
  const lines = readText(`deploy/${document}`).split("\n");
  const blocks = [];
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^\s*```(\w*)$/.exec(lines[index]);
    if (!fence) continue;
    const end = lines.findIndex((line, later) => later > index && /^\s*```$/.test(line));
    blocks.push({ document, line: index + 1, language: fence[1], commands: lines.slice(index + 1, end) });
    index = end;
  }
  return blocks;
}

// What a caller of the documents has: two servers with an indexed project, their logs, and a cluster to ask.
async function startWorld() {
  const place = mkdtempSync(path.join(tmpdir(), "documents-"));
  const project = path.join(place, "workspace/my-project");
  const bin = path.join(place, "bin");
  for (const folder of [project, bin]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(project, "parser.py"), "def parse_headers(text):\n    return text.splitlines()\n");
  writeFileSync(
    path.join(project, "test_parser.py"),
    "from parser import parse_headers\n\ndef test_lines():\n    assert parse_headers('a') == ['a']\n",
  );
  const serve = (component, ...flags) =>
    startServer(
      [binary, `serve-${component}`, ...flags],
      {
        HOME: place,
        ALLOWED_ROOT: path.join(place, "workspace"),
        CODEHELPER_DATA_DIR: path.join(place, "data"),
        CODEHELPER_PORT: "0",
      },
      path.join(place, `${component}.log`),
    );
  const runner = await serve("runner");
  const api = await serve("api", "--runner-url", runner.url);
  const { job_id: jobId } = await postJson(`${api.url}/project`, { project_path: project });
  const cluster = await startCluster({
    overlay: "production",
    namespace: "code-helper",
    jobId,
    jobTemplate: parse(readText("deploy/k8s/ingest-job.yaml")),
    log: (component) =>
      existsSync(path.join(place, `${component}.log`))
        ? readFileSync(path.join(place, `${component}.log`), "utf8")
        : "started\n",
  });
  for (const name of ["docker", "kubectl", "systemctl", "journalctl", "systemd-sysusers", "install", "cmake"]) {
    const script = `#!/bin/sh\nexec node ${root}/tests/deploy/stand_in.mjs ${name} "$@"\n`;
    writeFileSync(path.join(bin, name), script);
    chmodSync(path.join(bin, name), 0o755);
  }
  writeFileSync(path.join(bin, "codehelper"), `#!/bin/sh\nexec ${binary} "$@"\n`, { mode: 0o755 });
  const environment = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    HOME: place,
    LOGS: place,
    CLUSTER: cluster.url,
    KUBECTL: run("sh", "-c", "command -v kubectl").trim(),
    API: api.url,
    RUNNER: runner.url,
    PROJECT: project,
    JOB_ID: jobId,
    REQUEST_ID: "an-id-of-mine",
    CODE_HELPER_API_URL: api.url,
    CODEHELPER_DATA_DIR: path.join(place, "data"),
  };
  const stop = () => {
    [api, runner].forEach((server) => server.stop());
    cluster.stop();
    rmSync(place, { recursive: true });
  };
  return { environment, place, stop };
}

// A block, as bash runs it with the first failure ending it; `# → text` behind a command says what it must print.
function runBlock({ commands }, environment) {
  const script = commands
    .filter((line) => !/^\s*export (API|RUNNER|PROJECT|JOB_ID|REQUEST_ID)=/.test(line))
    .join("\n")
    .replaceAll("deploy/setup.sh", `node ${root}/tests/deploy/stand_in.mjs deploy/setup.sh`);
  return new Promise((resolve) => {
    // Without the start-up file that bash reads when its standard input looks like a network connection.
    execFile(
      "bash",
      ["--norc", "-euo", "pipefail", "-c", script],
      { cwd: root, env: environment, timeout: 120_000 },
      (error, stdout, stderr) => {
        resolve({ failure: error ? `${error.message}\n${stdout}${stderr}` : "", stdout });
      },
    );
  });
}

const allBlocks = documents.flatMap(blocksOf);

test("documents: every block is of commands, and there are some", () => {
  for (const { document, line, language } of allBlocks) assert.equal(language, "sh", `${document}:${line}`);
  assert.ok(allBlocks.length > 20);
});

test("documents: every command works, and prints what is said", { timeout: 280_000 }, async (t) => {
  const world = await startWorld();
  t.after(world.stop);
  for (const block of allBlocks) {
    const place = `${block.document}:${block.line}`;
    const done = await runBlock(block, world.environment);
    assert.equal(done.failure, "", place);
    for (const [, expected] of block.commands.join("\n").matchAll(/# → (.*)$/gm)) {
      assert.ok(done.stdout.includes(expected), `${place}: no ${expected} in\n${done.stdout}`);
    }
  }
});

const testNames = new Set(
  [...run("ctest", "--test-dir", buildTree, "-N").matchAll(/^ *Test +#\d+: (.*)$/gm)].map(([, name]) => name.trim()),
);

// Rows of tables whose last column is headed "test".
function rowsWithTests(document) {
  const rows = [];
  let isTestTable = false;
  for (const line of readText(`deploy/${document}`).split("\n")) {
    if (!line.startsWith("|")) isTestTable = false;
    else if (/\| test \|$/.test(line)) isTestTable = true;
    else if (isTestTable && !line.startsWith("|---")) rows.push(line);
  }
  return rows;
}

test("documents: every test that is named exists, and every failure names one", () => {
  const rows = documents.flatMap(rowsWithTests);
  assert.ok(rows.length > 15);
  const withoutTest = rows.filter((row) => {
    const names = [
      ...row
        .split(" | ")
        .at(-1)
        .matchAll(/`([^`]+)`/g),
    ].map(([, name]) => name);
    for (const name of names) assert.ok(testNames.has(name), `no test "${name}"`);
    return names.length === 0;
  });
  assert.deepEqual(withoutTest, []);
});

test("documents: every link leads to a file, and to a heading of it", () => {
  const slug = (heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-");
  for (const document of [...documents.map((name) => `deploy/${name}`), "README.md"]) {
    for (const [, target] of readText(document).matchAll(/\]\(([^)]+)\)/g)) {
      const [file, anchor] = target.split("#");
      const linked = file === "" ? document : path.join(path.dirname(document), file);
      assert.ok(existsSync(path.join(root, linked)), `${document}: ${target}`);
      const headings = anchor ? [...readText(linked).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading)) : [];
      assert.ok(!anchor || headings.includes(anchor), `${document}: ${target}`);
    }
  }
});

test("documents: every variable that they name is a setting, of the shell, or explained as neither", () => {
  const known =
    readText("deploy/CONFIG.md") + readText("deploy/RUNBOOK.md").split("## Settings of the deployment")[1];
  for (const document of documents) {
    for (const [, name] of readText(`deploy/${document}`).matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g)) {
      assert.ok(known.includes(`\`${name}`), `${document}: ${name}`);
    }
  }
});

test("README: every command of deployment is one of the runbook's", () => {
  const section = /## Deployment\n([\s\S]*?)\n## /.exec(readText("README.md"))[1];
  const commands = section
    .split("\n")
    .filter((line) => line.startsWith("    "))
    .map((line) => line.trim().split(/ {2,}#/)[0]);
  assert.ok(commands.length > 0);
  for (const command of commands) assert.ok(readText("deploy/RUNBOOK.md").split("\n").includes(command), command);
});
