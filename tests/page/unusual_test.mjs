// The chat page where things are other than usual: no project, no clipboard, nothing kept, a search that fails, little
// room.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { ask, makeFolder, openPage, startBrowser, startProgram, waitForAnswer } from "./support.mjs";

let browser;
let program;

before(async () => {
  program = await startProgram(makeFolder());
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  await program.stop();
});

test("page: without the browser's clipboard a selection is copied, in a dialog too", async () => {
  const ill = await startProgram(makeFolder(), { variables: { RUNNER_URL: "http://127.0.0.1:9" } });
  const { page, close } = await openPage(browser, ill.url, { expected: [503] });
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined }));
  await page.reload();
  const paste = async () => {
    const box = page.getByRole("textbox", { name: "Question" });
    await box.fill("");
    await box.focus();
    await page.keyboard.press("Control+v");
    return box.inputValue();
  };
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, "Where are headers parsed?");
  await waitForAnswer(page);
  const card = page.locator(".card.source", { hasText: "parser.py" }).first();
  await card.getByRole("button", { name: /^Copy the lines/ }).click();
  await card.getByRole("button", { name: "Copied" }).waitFor();
  assert.match(await paste(), /def parse_headers/);

  await page.locator("#health-button").click();
  await page.getByRole("button", { name: "Copy the fix of runner" }).click();
  await page.getByRole("dialog", { name: "Health" }).getByRole("button", { name: "Copied" }).waitFor();
  await page.keyboard.press("Escape");
  assert.match(await paste(), /RUNNER_URL/);
  await close();
  await ill.stop();
});

test("page: a browser that keeps nothing shows the page all the same", async () => {
  const { page, close } = await openPage(browser, program.url);
  await page.addInitScript(() => {
    const get = () => {
      throw new DOMException("denied", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get });
  });
  await page.reload();
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, "Where are headers parsed?");
  await waitForAnswer(page);
  await page.getByRole("button", { name: "Theme: as the system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).waitFor();
  await close();
});

test("page: what can't be searched is said where it is looked for", async () => {
  const { page, close } = await openPage(browser, program.url, { expected: [503] });
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await page.route("**/search", (route) => route.fulfill({ status: 503, json: { error: "unavailable", message: "the store refused the connection" } }));
  await page.keyboard.press("Control+k");
  await page.keyboard.type("parse_headers");
  await page.getByRole("option", { name: "the store refused the connection" }).waitFor();
  assert.equal(await page.getByText("Nothing found").count(), 0);
  await close();
});

test("page: a long question is shown by its beginning until all of it is wanted", async () => {
  const { page, close } = await openPage(browser, program.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, `Why?\n${Array.from({ length: 100 }, (_, line) => `line ${line} of a log`).join("\n")}`);
  const turn = await waitForAnswer(page);
  const height = () => turn.locator(".question-text").evaluate((text) => text.clientHeight);
  const short = await height();
  assert.ok(short < 200, `${short} px`);
  await turn.getByRole("button", { name: "Show the whole question" }).click();
  assert.ok((await height()) > 5 * short);
  await turn.getByRole("button", { name: "Show less" }).click();
  assert.equal(await height(), short);
  await close();
});

test("page: where there is little room, a place's file and lines are shown rather than its folders", async () => {
  const { page, close } = await openPage(browser, program.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, "Where is a route added to the router?");
  await waitForAnswer(page);
  for (const width of [320, 390, 800, 1000, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    if (width <= 760) await page.locator('.view-tabs [data-view="evidence"]').click();
    const cut = await page.locator(".card.source .place").evaluateAll((places) => {
      const isCut = (place) =>
        [...place.querySelectorAll(".file, .lines")].some((part) => part.getBoundingClientRect().right > place.getBoundingClientRect().right + 1 || part.scrollWidth > part.clientWidth + 1);
      return places.filter(isCut).map((place) => place.textContent);
    });
    assert.deepEqual(cut, [], `${width} px`);
  }
  await close();
});

test("page: without a project one is chosen first, with room to see the folders, and asked for by who asks too early", async () => {
  const { folder, repository } = makeFolder();
  for (let number = 1; number <= 6; number += 1) mkdirSync(path.join(folder, `work/folder${number}`));
  const bare = await startProgram({ folder });
  const { page, close } = await openPage(browser, bare.url, { expected: [503] }); // no Runner
  const dialog = page.getByRole("dialog", { name: "Project" });
  await dialog.getByText("No project yet").waitFor();
  await dialog.getByRole("combobox").fill(path.join(folder, "work/"));
  await dialog.getByRole("option").nth(6).waitFor();
  const isSeen = await dialog.getByRole("option").last().evaluate((option) => {
    const { left, bottom } = option.getBoundingClientRect();
    return option.contains(document.elementFromPoint(left + 5, bottom - 3));
  });
  assert.ok(isSeen, "the last folder is in sight");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.locator("#project-button").textContent(), "Choose a project");

  await ask(page, "Where are headers parsed?");
  await page.locator(".answer").getByText("No project is chosen yet").waitFor();
  await page.locator(".turn-foot").getByRole("button", { name: "Choose a project" }).click();
  await dialog.getByRole("combobox").fill(repository);
  await dialog.getByRole("button", { name: "Index", exact: true }).click();
  await dialog.locator(".dot.ready").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".turn-foot").getByRole("button", { name: "Ask again" }).click();
  await page.locator(".turn").nth(1).locator(".citation", { hasText: "parser.py" }).first().waitFor();
  await close();
  await bare.stop();
});
