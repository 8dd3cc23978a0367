// The program as people type it: run to its end, or on a terminal.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";

import { binary, until } from "../crew/support.mjs";

// Runs the program; `input` is piped in, else standard input is empty.
export function run(args, { input, env = {}, cwd, on_start = () => {} } = {}) {
  const child = spawn(binary, args, {
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...env },
    cwd,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const outcome = { stdout: "", stderr: "" };
  child.stdout.on("data", (piece) => (outcome.stdout += piece));
  child.stderr.on("data", (piece) => (outcome.stderr += piece));
  if (input !== undefined) child.stdin.end(input);
  on_start(child, outcome);
  return new Promise((resolve) => child.on("close", (status) => resolve({ ...outcome, status })));
}

// The program on a terminal; `shown` is all that it showed so far.
export class Terminal {
  constructor(args, env = {}) {
    this.shown = "";
    this.status = null;
    this.child = spawn("python3", [path.join(import.meta.dirname, "terminal.py"), binary, ...args], {
      env: { PATH: process.env.PATH, HOME: "/nonexistent", TERM: "xterm", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.child.stdout.on("data", (piece) => (this.shown += piece));
    this.child.stdin.on("error", () => {}); // it has ended
    const limit = setTimeout(() => this.child.kill("SIGKILL"), 60_000);
    this.child.on("close", () => clearTimeout(limit));
    this.ended = new Promise((resolve) => this.child.on("close", (status) => resolve((this.status = status))));
  }
  type(text) {
    this.child.stdin.write(text);
  }
  // Waits until `pattern` is shown after what was awaited before.
  async awaits(pattern) {
    const match = await until(
      `${pattern} in ${JSON.stringify(this.shown)}`,
      () => pattern.exec(this.shown) ?? (this.status !== null && assert.fail(`ended: ${JSON.stringify(this.shown)}`)),
      30_000,
    );
    this.shown = this.shown.slice(match.index + match[0].length);
    return match;
  }
}
