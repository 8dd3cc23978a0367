// What the checks of the chat page share: a repository, the built program on it, and a browser that tolerates no fault.
import { chromium } from "playwright-core";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const sources = path.resolve(here, "../..");

// All come from CMakeLists.txt.
export const binary = process.env.TEST_BINARY;
export const pictures = process.env.TEST_PICTURES;
const browserPath = process.env.TEST_BROWSER;

process.setMaxListeners(0); // each folder and each program has one for the end

const patience = 60_000; // milliseconds; a busy machine takes long for what is quick elsewhere

export const wide = { width: 1280, height: 800 };
export const narrow = { width: 390, height: 844 };

const files = {
  ".env": "PASSWORD=hunter2\n",
  ".gitignore": "*.log\nbuild/\n",
  "README.md": "# Sample\n\nA small server.\n\n## Install\n\nNothing to install.\n",
  "build/out.txt": "made\n",
  "debug.log": "noise\n",
  "parser.py":
    '"""Reads HTTP messages."""\n\n\ndef parse_headers(text):\n    """Splits header lines into names and values."""\n' +
    "    return dict(line.split(': ', 1) for line in text.splitlines())\n",
  "picture.png": Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
  "server.py":
    "import socket\n\n\nclass Server:\n    def start(self, port):\n" +
    "        self.listener = socket.create_server(('127.0.0.1', port))\n        return self.listener\n",
  "test_parser.py":
    "from parser import parse_headers\n\n\ndef test_parse_headers():\n    assert parse_headers('A: b') == {'A': 'b'}\n\n\n" +
    "def test_empty():\n    assert parse_headers('') == {}\n",
};

// A file as it is given to an input of the page.
export function makeFile(name, content) {
  return { name, mimeType: "", buffer: Buffer.from(content) };
}

// A folder of its own for one test file, with a repository in it; gone when the process ends.
export function makeFolder() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "codehelper-page-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const repository = path.join(folder, "work/sample");
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(repository, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  mkdirSync(path.join(folder, "work/.hidden"));
  for (const name of ["router.cpp", "http.cpp"]) cpSync(path.join(sources, "src/net", name), path.join(repository, "net", name));
  return { folder, repository };
}

// `codehelper dev` on a repository; resolves when its index is ready. Without a repository: `codehelper serve-api`.
export async function startProgram({ folder, repository }, { port = 0, variables = {} } = {}) {
  const env = { PATH: process.env.PATH, HOME: folder, CODEHELPER_DATA_DIR: path.join(folder, "data"), ...variables };
  const mode = repository ? ["dev", repository] : ["serve-api"];
  const child = spawn(binary, [...mode, "--port", String(port)], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const url = await new Promise((resolve, reject) => {
    let found = null;
    child.stderr.on("data", (bytes) => {
      said += bytes;
      found ??= /listening on (\S+)/.exec(said)?.[1];
      if (found && (!repository || said.includes("ready:"))) resolve(found);
    });
    child.on("exit", () => reject(new Error(`the program ended: ${said}`)));
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    await ended;
  };
  process.on("exit", () => child.kill("SIGKILL"));
  child.unref();
  child.stderr.unref();
  return { url, port: Number(new URL(url).port), stop };
}

// Passes connections on to a server of this machine. `open` counts them, cut() breaks those that are open.
export class Proxy {
  static async start(target) {
    const proxy = new Proxy();
    proxy.pairs = new Set();
    const port = Number(new URL(target).port);
    proxy.server = net.createServer((caller) => {
      const peer = net.connect(port, "127.0.0.1");
      const pair = [caller, peer];
      proxy.pairs.add(pair);
      for (const [from, to] of [pair, pair.toReversed()]) {
        from.on("error", () => to.destroy());
        from.on("close", () => {
          to.destroy();
          proxy.pairs.delete(pair);
        });
        from.pipe(to);
      }
    });
    await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.port = proxy.server.address().port;
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    return proxy;
  }
  get open() {
    return this.pairs.size;
  }
  cut() {
    for (const socket of [...this.pairs].flat()) socket.destroy();
  }
  stop() {
    this.server.close();
    this.cut();
  }
}

export async function startBrowser() {
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: browserPath, args });
}

// A tab on the page, and in `asked` what it asked of the crew, as {method, path, headers, body}. Whatever the browser complains of is a fault: refused content, errors of scripts, failed loads but
// those whose status is in `expected` ("away" for a server that is not there).
export async function openPage(browser, url, { viewport = wide, theme = "light", expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: theme, permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const faults = [];
  const asked = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(chat|run)\b/.test(pathname)) asked.push({ method: request.method(), path: pathname, headers: request.headers(), body: request.postDataJSON() });
  });
  page.on("pageerror", (error) => faults.push(error.stack));
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    const text = message.text();
    const status = /status of (\d+)/.exec(text)?.[1] ?? (text.includes("net::ERR_") ? "away" : null);
    if (!expected.map(String).includes(status)) faults.push(`${text} (${message.location().url})`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`refused: ${event.violatedDirective} ${event.blockedURI}`));
  });
  page.setDefaultTimeout(patience);
  await page.goto(url);
  const close = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { page, asked, close };
}

export async function ask(page, question) {
  await page.getByRole("textbox", { name: "Question" }).fill(question);
  await page.keyboard.press("Enter");
}

// The last turn, when its answer is there.
export async function waitForAnswer(page) {
  const turn = page.locator(".turn").last();
  await turn.locator(".turn-foot").getByRole("button").first().waitFor();
  return turn;
}

export async function waitFor(look, what, milliseconds = patience) {
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  assert.fail(`this did not come: ${what}`);
}
