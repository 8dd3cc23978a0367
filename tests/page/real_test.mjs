// The chat page against the built program alone, as it is used.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { ask, binary, makeFolder, openPage, startBrowser, startProgram, waitFor, waitForAnswer } from "./support.mjs";

const place = makeFolder();
let browser;
let program;

before(async () => {
  program = await startProgram(place);
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  await program.stop();
});

const project = (page) => page.getByRole("dialog", { name: "Project" });

async function openProject(page) {
  await page.locator("#project-button").click();
  return project(page);
}

test("page: it weighs less than 250 KB compressed, and its parts are kept for good", async () => {
  const page = await fetch(program.url);
  const html = await page.text();
  const parts = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, url]) => url);
  let bytes = Number(page.headers.get("Content-Length"));
  for (const part of new Set(parts)) {
    const answer = await fetch(program.url + part);
    bytes += Number(answer.headers.get("Content-Length"));
    assert.equal(answer.headers.get("Content-Encoding"), "gzip");
    assert.match(answer.headers.get("Cache-Control"), /immutable/);
    await answer.arrayBuffer();
  }
  console.log(`the page weighs ${bytes} bytes in ${new Set(parts).size + 1} files`);
  assert.ok(parts.length >= 3);
  assert.ok(bytes < 250_000, `${bytes} bytes`);
});

test("page: it may load nothing but its own files", async () => {
  const { headers } = await fetch(program.url);
  const policy = headers.get("Content-Security-Policy");
  for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
    assert.ok(policy.includes(rule), rule);
  }
  assert.equal(headers.get("Referrer-Policy"), "no-referrer");
  assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
});

test("page: a question is answered with evidence, linked both ways", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, "Where are headers parsed?");
  const turn = await waitForAnswer(page);
  assert.ok((await turn.locator(".steps .step").count()) >= 2);

  const citation = turn.locator(".citation", { hasText: "parser.py" }).first();
  await citation.click();
  const card = page.locator(".card.source", { hasText: "parser.py" }).first();
  await waitFor(() => card.evaluate((element) => element === document.activeElement), "the card is focused");
  assert.match(await card.locator(".line.cited").first().textContent(), /Reads HTTP messages/);
  assert.equal(await card.locator(".badge.good").textContent(), "verified");
  assert.equal(await card.locator(".line").first().getAttribute("data-line"), "1");
  assert.ok((await card.locator(".hl-keyword").count()) > 0);

  await card.getByRole("button", { name: /mention/ }).click();
  await waitFor(() => citation.evaluate((element) => element === document.activeElement), "the citation is focused");
  await close();
});

test("page: more lines of the file are shown around a citation", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, "Where is a route added to the router?");
  await waitForAnswer(page);
  const card = page.locator(".card.source", { hasText: "net/router.cpp" }).first();
  await card.locator(".line").first().waitFor();
  const first = Number(await card.locator(".line").first().getAttribute("data-line"));
  const cited = await card.locator(".line.cited").count();
  assert.ok(first > 1);

  await card.getByRole("button", { name: /More lines above/ }).click();
  const expected = String(Math.max(1, first - 20));
  await waitFor(async () => (await card.locator(".line").first().getAttribute("data-line")) === expected, "lines above");
  assert.equal(await card.locator(".line.cited").count(), cited);
  await close();
});

test("page: Ctrl-K finds places in the code and shows them", async () => {
  const { page, close } = await openPage(browser, program.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("parse_headers");
  await page.getByRole("option", { name: /^parser\.py/ }).waitFor();
  const options = page.getByRole("listbox", { name: "Found" }).getByRole("option");
  for (let moves = 0; moves < 20; moves += 1) {
    if (/^parser\.py/.test(await options.and(page.locator("[aria-selected=true]")).textContent())) break;
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await page.locator(".card.source .line.cited", { hasText: "def parse_headers" }).waitFor();
  await close();
});

test("page: what the index holds and what it leaves out is told, with the rule", async () => {
  const { page, close } = await openPage(browser, program.url);
  const dialog = await openProject(page);
  await dialog.getByText("files or folders left out").click();
  const row = (name) => dialog.getByRole("row", { name });
  await row(/\.env/).waitFor();
  assert.match(await row(/\.env/).textContent(), /may hold secrets/);
  assert.match(await row(/debug\.log/).textContent(), /\*\.log in \.gitignore, line 1/);
  assert.match(await row(/build\//).textContent(), /build\/ in \.gitignore, line 2/);
  assert.match(await row(/picture\.png/).textContent(), /binary/);
  assert.match(await dialog.locator(".project-status").textContent(), /Files7/);
  await close();
});

test("page: a project is chosen by completing its path, indexed with progress, cancelled and indexed again", async () => {
  const corpus = process.env.TEST_CORPUS;
  const large = path.join(place.folder, "work/large");
  for (let copy = 1; copy <= 3; copy += 1) cpSync(corpus, path.join(large, `copy${copy}`), { recursive: true });
  const { page, close } = await openPage(browser, program.url);
  const dialog = await openProject(page);
  const field = dialog.getByRole("combobox", { name: "Repository on the server" });
  await field.fill(path.join(place.folder, "work/l"));
  await dialog.getByRole("option", { name: large, exact: true }).waitFor();
  assert.equal(await dialog.getByRole("option").count(), 1);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await field.inputValue(), `${large}/`);
  await dialog.getByRole("option").first().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");

  const progress = dialog.getByRole("progressbar", { name: "Files indexed" });
  await progress.waitFor();
  await waitFor(async () => (await progress.getAttribute("value")) > 0, "progress", 60_000);
  assert.match(await dialog.locator(".progress").textContent(), /of [\d,]+ files/);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.locator(".dot.failed").waitFor();
  assert.match(await dialog.locator(".fault").filter({ visible: true }).first().textContent(), /cancel/i);

  await field.fill(place.repository);
  await dialog.getByRole("button", { name: "Index", exact: true }).click();
  await dialog.locator(".dot.ready").waitFor();
  await close();
});

test("page: hidden folders are completed only when asked for, and nothing outside the allowed root", async () => {
  const { page, close } = await openPage(browser, program.url, { expected: [400] });
  const dialog = await openProject(page);
  const field = dialog.getByRole("combobox");
  await field.fill(path.join(place.folder, "work/"));
  await dialog.getByRole("option", { name: place.repository, exact: true }).waitFor();
  assert.equal(await dialog.getByRole("option", { name: /hidden/ }).count(), 0);
  await field.fill(path.join(place.folder, "work/.h"));
  await dialog.getByRole("option", { name: /\.hidden$/ }).waitFor();
  await field.fill("/etc/");
  await dialog.getByRole("option").waitFor({ state: "detached" });

  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").getByText("outside the allowed root").waitFor();
  await close();
});

test("page: why an index failed is told", async () => {
  const empty = path.join(place.folder, "work/empty");
  mkdirSync(empty);
  const { page, close } = await openPage(browser, program.url);
  const dialog = await openProject(page);
  await dialog.getByRole("combobox").fill(empty);
  await page.keyboard.press("Enter");
  await dialog.locator(".project-status .fault", { hasText: /no file/i }).waitFor();
  await dialog.getByRole("combobox").fill(place.repository);
  await page.keyboard.press("Enter");
  await dialog.locator(".dot.ready").waitFor();
  await close();
});

test("page: the project's tests are run, with their output and the receipt", async () => {
  const { page, close } = await openPage(browser, program.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await page.locator("#side").getByRole("button", { name: "Tests" }).click();
  await page.getByRole("button", { name: "Run tests" }).click();
  await page.locator(".receipt").waitFor({ timeout: 60_000 });
  assert.match(await page.getByRole("region", { name: "Output" }).textContent(), /2 passed/);
  assert.match(await page.locator(".receipt").textContent(), /Tests passed.*pytest.*2 tests ran, 0 failed/);

  await page.getByRole("textbox", { name: "Command" }).fill("python3 -c 'import sys; print(\"a b\"); sys.exit(3)'");
  await page.keyboard.press("Enter");
  await page.locator(".receipt", { hasText: "Exit status3" }).waitFor({ timeout: 60_000 });
  assert.equal(await page.getByRole("region", { name: "Output" }).textContent(), "a b\n");

  // The receipt's command can be typed again, with the same words.
  const told = () => page.locator(".receipt dd").first().textContent();
  assert.equal(await told(), `python3 -c 'import sys; print("a b"); sys.exit(3)'`);
  await page.getByRole("textbox", { name: "Command" }).fill(`python3 -c "print('it')"`);
  await page.keyboard.press("Enter");
  await page.locator(".receipt", { hasText: "Exit status0" }).waitFor({ timeout: 60_000 });
  assert.equal(await told(), String.raw`python3 -c 'print('\''it'\'')'`);
  await close();
});

test("page: a server with a token asks for it once, and a wrong one is refused", async () => {
  const guarded = await startProgram(makeFolder(), { variables: { CODEHELPER_API_TOKEN: "t0ken" } });
  const { page, close } = await openPage(browser, guarded.url, { expected: [401] });
  const dialog = page.getByRole("dialog", { name: "This server asks for a token" });
  await dialog.getByLabel("Token", { exact: true }).fill("wrong");
  await page.keyboard.press("Enter");
  await dialog.getByText("The server refused that token").waitFor();
  await dialog.getByLabel("Token", { exact: true }).fill("t0ken");
  await dialog.getByRole("button", { name: "Use this token" }).click();
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, "Where are headers parsed?");
  await waitForAnswer(page);
  assert.equal(await page.evaluate(() => sessionStorage.getItem("codehelper-token")), "t0ken");
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie)).includes("t0ken"));

  await page.evaluate(() => history.replaceState(null, "", "/"));
  await page.reload();
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  assert.equal(await page.getByRole("dialog").filter({ visible: true }).count(), 0);
  await close();
  await guarded.stop();
});

test("page: what a token doesn't allow is said, and another one can be used", async () => {
  const own = makeFolder();
  const made = [["ann", "read,chat"], ["ben", "read,chat,run"]].map(([name, scopes]) =>
    JSON.parse(execFileSync(binary, ["token", name, "--scopes", scopes, "--json"], { encoding: "utf8" })),
  );
  const tokensFile = path.join(own.folder, "tokens");
  writeFileSync(tokensFile, made.map(({ line }) => `${line}\n`).join(""), { mode: 0o600 });
  const guarded = await startProgram(own, { variables: { CODEHELPER_TOKENS_FILE: tokensFile } });
  const { page, close } = await openPage(browser, guarded.url, { expected: [401, 403] });
  const giveToken = async (title, token) => {
    const dialog = page.getByRole("dialog", { name: title });
    await dialog.getByLabel("Token", { exact: true }).fill(token);
    await page.keyboard.press("Enter");
  };

  await giveToken("This server asks for a token", made[0].token);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, "Where are headers parsed?");
  await waitForAnswer(page);
  await page.locator("#side").getByRole("button", { name: "Tests" }).click();
  await page.getByRole("button", { name: "Run tests" }).click();
  await page.locator(".run-state").getByText(/"ann" lacks the scope run/).waitFor();

  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("another token");
  await page.getByRole("option", { name: "Use another token" }).click();
  await giveToken("Use another token", made[1].token);
  await page.getByRole("button", { name: "Run tests" }).click();
  await page.locator(".receipt", { hasText: "Tests passed" }).waitFor({ timeout: 60_000 });
  await close();
  await guarded.stop();
});

test("page: when the server goes away it says so, keeps the question, and comes back by itself", async () => {
  const own = makeFolder();
  const first = await startProgram(own);
  const { page, close } = await openPage(browser, first.url, { expected: ["away"] });
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await first.stop();
  await ask(page, "Where are headers parsed?");
  const turn = page.locator(".turn").last();
  await turn.getByText("The server can't be reached").waitFor();
  await page.getByText("The server is away").waitFor();

  const second = await startProgram(own, { port: first.port });
  await page.getByText("The server is away").waitFor({ state: "hidden" });
  await turn.getByRole("button", { name: "Ask again", exact: true }).click();
  await page.locator(".turn").nth(1).locator(".citation").first().waitFor();
  await close();
  await second.stop();
});

test("page: the health of each part is told, with what to do", async () => {
  const ill = await startProgram(makeFolder(), { variables: { RUNNER_URL: "http://127.0.0.1:9" } });
  const { page, close } = await openPage(browser, ill.url, { expected: [503] });
  await page.getByRole("button", { name: "Health: runner not well" }).click();
  const dialog = page.getByRole("dialog", { name: "Health" });
  const fault = dialog.getByRole("listitem").filter({ hasText: "runner" });
  await fault.getByText("start `codehelper serve-runner`").waitFor();
  await fault.getByRole("button", { name: "Copy the fix of runner" }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /RUNNER_URL/);
  assert.match(await dialog.getByRole("listitem").filter({ hasText: "embedded store" }).textContent(), /ok/);
  await close();
  await ill.stop();
});

test("page: the health says which version runs", async () => {
  const { info } = await (await fetch(`${program.url}/openapi.json`)).json();
  const { page, close } = await openPage(browser, program.url);
  await page.locator("#health-button").click();
  await page.getByRole("dialog", { name: "Health" }).getByText(`codehelper ${info.version}`, { exact: true }).waitFor();
  await close();
});

test("page: light and dark go with the system until one is chosen, and the choice is kept", async () => {
  const { page, close } = await openPage(browser, program.url, { theme: "dark" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.emulateMedia({ colorScheme: "light" });
  const light = await ground();
  assert.notEqual(dark, light);
  await page.getByRole("button", { name: "Theme: as the system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).click();
  assert.equal(await ground(), dark);
  await page.reload();
  await page.getByRole("button", { name: "Theme: dark" }).waitFor();
  assert.equal(await ground(), dark);
  await close();
});

test("page: a file that changed since is not called verified", async () => {
  const own = makeFolder();
  const changing = await startProgram(own);
  const { page, close } = await openPage(browser, changing.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, "Where are headers parsed?");
  await waitForAnswer(page);
  writeFileSync(path.join(own.repository, "parser.py"), '"""Empty."""\n');
  const card = page.locator(".card.source", { hasText: "parser.py" }).first();
  await card.getByRole("button", { name: /More lines below/ }).click();
  await card.locator(".line", { hasText: "Empty." }).waitFor();
  await close();
  await changing.stop();
});
