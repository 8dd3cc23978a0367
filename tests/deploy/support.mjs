// What the checks of the deployment's files share.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

// The built program and the build tree come from CMakeLists.txt.
export const binary = process.env.TEST_BINARY;
export const buildTree = process.env.TEST_BUILD_TREE;

export function readText(file) {
  return readFileSync(path.join(root, file), "utf8");
}

// What a command prints; throws with its standard error when it fails.
export function run(command, ...args) {
  return execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export function tryRun(command, ...args) {
  return spawnSync(command, args, { cwd: root, encoding: "utf8" });
}

// The rows of CONFIG.md's table, which another test holds equal to the program's own: name, alias, modes, default.
export function readSettings() {
  const row = /^\| `([A-Z_0-9]+)`(?: \(`([A-Z_0-9]+)`\))? \| [^|]* \| ([^|]*) \| ([^|]*) \|/gm;
  return [...readText("deploy/CONFIG.md").matchAll(row)].map(([, name, alias, modes, standard]) => ({
    name,
    alias,
    modes: modes.split(", "),
    standard,
  }));
}

// Starts a server that says where it listens, with its log in `log`; resolves to its address, its process and its end.
export async function startServer([command, ...args], environment, log) {
  const stdio = ["ignore", openSync(log, "w"), openSync(`${log}.err`, "w")];
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...environment }, stdio });
  for (let waited = 0; waited < 600 && child.exitCode === null; waited += 1) {
    const url = /listening on (\S+)/.exec(readFileSync(`${log}.err`, "utf8"))?.[1];
    if (url) return { url, pid: child.pid, stop: () => child.kill("SIGKILL") };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  return assert.fail(`no server: ${readFileSync(`${log}.err`, "utf8")}`);
}

export async function postJson(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.json();
}

// Whether a variable, by its name or its alias, means something to a mode.
export function isSetting(name, mode) {
  const setting = readSettings().find((each) => each.name === name || each.alias === name);
  return setting !== undefined && setting.modes.includes(mode);
}

export function projectVersion() {
  return /project\(codehelper VERSION ([0-9.]+)/.exec(readText("CMakeLists.txt"))[1];
}
