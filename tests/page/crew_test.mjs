// The chat page with a scripted crew before the built program: what a language model would have to be asked for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { chatScripts, patch, runScripts } from "./scripts.mjs";
import { ask, makeFolder, narrow, openPage, startBrowser, startProgram, waitFor, waitForAnswer } from "./support.mjs";
import { startWire } from "./wire_server.mjs";

let browser;
let program;
let wire;

before(async () => {
  program = await startProgram(makeFolder());
  wire = await startWire(program.url, [...chatScripts, ...runScripts]);
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  wire.stop();
  await program.stop();
});

const textOf = (locator) => locator.textContent();

test("page: plan, tool calls, output and steps are cards with time and size", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "the full answer, please");
  const turn = await waitForAnswer(page);

  const work = turn.locator(".work");
  assert.equal(await textOf(work.locator("> summary")), "3 steps · 3 tool calls · " + /[\d.]+ m?s$/.exec(await textOf(work.locator("> summary")))[0]);
  assert.equal(await work.getAttribute("open"), null);
  await work.locator("> summary").click();
  const card = (name) => work.locator(".step", { has: page.locator(".step-name", { hasText: name }) }).first();
  assert.match(await textOf(card("search_code").locator("summary")), /5 places in 3 files38 ms · 6\.1 KiB/);
  await card("search_code").locator("summary").click();
  await card("search_code").getByText('"query": "parse headers"').waitFor();
  await card("search_code").getByText("net/http.cpp:63-77").waitFor();
  assert.ok(await card("read_lines").locator(".mark.bad").isVisible());
  assert.match(await textOf(card("output")), /2 passed in 0\.02s/);
  assert.match(await textOf(card("plan")), /coder, runner/);
  assert.match(await textOf(card("coder · search_code").locator("summary")), /1\.2 s$/);
  await close();
});

test("page: what is said before tool calls is a remark and no part of the answer", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "full");
  const turn = await waitForAnswer(page);
  assert.match(await textOf(turn.locator(".steps")), /remarkI look at the parser first\./);
  assert.doesNotMatch(await textOf(turn.locator(".answer")), /I look at the parser first/);
  assert.match(await textOf(turn.locator(".answer")), /^Headers are split by/);
  await close();
});

test("page: the answer grows while it is made, and the question stays in sight", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "slow");
  const answer = page.locator(".answer").last();
  await answer.getByText("word 3").waitFor();
  const before = (await textOf(answer)).length;
  await waitFor(async () => (await textOf(answer)).length > before + 200, "more words");
  assert.ok(await page.locator(".turn[aria-busy] .question-text").isVisible());
  await page.keyboard.press("Escape");
  await page.getByText("Stopped", { exact: true }).waitFor();
  await close();
});

test("page: the stop button ends the run on the server, and Esc does too", async () => {
  const { page, close } = await openPage(browser, wire.url);
  for (const stop of [() => page.getByRole("button", { name: "Stop" }).click(), () => page.keyboard.press("Escape")]) {
    await ask(page, "slow");
    await page.locator(".answer").last().getByText("word 2").waitFor();
    await stop();
    const turn = page.locator(".turn").last();
    await turn.locator(".badge", { hasText: "Stopped" }).waitFor();
    const run = [...wire.runs.values()].at(-1);
    assert.equal(run.isStopped, true);
    assert.ok(wire.seen.includes(`DELETE /chat/${run.id}`));
    assert.match(await textOf(turn.locator(".answer")), /word 2/);
    await page.getByRole("button", { name: "Ask", exact: true }).waitFor();
  }
  await close();
});

test("page: citations are numbered cards, verified or not, linked both ways and each place in turn", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "full");
  const turn = await waitForAnswer(page);
  const cards = page.locator(".card.source");
  assert.equal(await cards.count(), 3);
  assert.deepEqual(await turn.locator(".citation").allTextContents(), ["parser.py:4-6", "net/router.cpp:66-71", "server.py:40-44", "parser.py:4"]);
  assert.equal(await turn.locator(".badge.unverified").count(), 1);
  assert.equal(await textOf(cards.nth(2).locator(".badge")), "unverified");
  assert.match(await textOf(cards.nth(2)), /no such lines now/);
  assert.equal(await cards.nth(1).locator(".line.cited").count(), 6);

  await turn.locator(".citation").nth(1).click();
  await waitFor(() => cards.nth(1).evaluate((card) => card === document.activeElement), "the card is focused");
  const back = cards.first().getByRole("button", { name: "2 mentions" });
  for (const place of [0, 3]) {
    await back.click();
    await waitFor(() => turn.locator(".citation").nth(place).evaluate((mark) => mark === document.activeElement), `mention ${place}`);
  }
  await close();
});

test("page: an edited question is asked again, by its button and by the arrow in the empty box", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "first question");
  await waitForAnswer(page);
  await page.getByRole("button", { name: "Edit the question and ask again" }).first().click();
  const box = page.getByRole("textbox", { name: "Question" });
  assert.equal(await box.inputValue(), "first question");
  await page.keyboard.type(", edited");
  await page.keyboard.press("Enter");
  await page.getByText("You asked: first question, edited").waitFor();

  await page.keyboard.press("ArrowUp");
  assert.equal(await box.inputValue(), "first question, edited");
  await page.keyboard.press("Escape");
  assert.equal(await box.inputValue(), "");
  await box.fill("one\ntwo");
  await page.keyboard.press("ArrowUp");
  assert.equal(await box.inputValue(), "one\ntwo");
  const asked = [...wire.runs.values()].slice(-2).map((run) => run.asked);
  assert.equal(asked[0].conversation_id, undefined);
  assert.equal(asked[1].conversation_id, "conversation-" + /\d+/.exec(new URL(page.url()).hash)[0]);
  await close();
});

test("page: a broken connection is taken up where it was, and nothing comes twice", async () => {
  const { page, close } = await openPage(browser, wire.url, { expected: ["away"] });
  await ask(page, "break");
  const turn = await waitForAnswer(page);
  assert.equal((await textOf(turn.locator(".answer"))).trim(), "Before the break, after the break.");
  const run = [...wire.runs.values()].at(-1);
  assert.equal(run.resumedAfter, "2");
  assert.equal(run.asked.on_disconnect, "continue");
  await close();
});

test("page: a page that is loaded anew takes up the run that goes on", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "slow and steady");
  await page.locator(".answer").getByText("word 3").waitFor();
  await page.reload();
  await page.locator(".question-text", { hasText: "slow and steady" }).waitFor();
  await page.locator(".answer").getByText("word 1 word 2 word 3").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Stopped", { exact: true }).waitFor();
  await close();
});

test("page: a run that fails says why, and can be asked again", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "fail");
  await page.getByRole("alert").filter({ hasText: "The model server can't be reached; start it or correct LLM_URL." }).waitFor();
  await page.getByRole("button", { name: "Ask again", exact: true }).click();
  await page.locator(".turn").nth(1).getByRole("alert").waitFor();
  await close();
});

test("page: what a model writes is never markup, script, style or a picture", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "hostile");
  const answer = (await waitForAnswer(page)).locator(".answer");
  assert.equal(await answer.locator("script, img, iframe, style, b, u, input, [onerror], [style]").count(), 0);
  assert.equal(await answer.locator('a[href^="javascript"]').count(), 0);
  assert.match(await textOf(answer), /<script>window\.hacked = 1<\/script>/);
  assert.match(await textOf(answer), /std::map<int, int>/);
  assert.match(await textOf(answer), /<b>bold<\/b>/);
  const picture = answer.getByRole("link", { name: "a picture" });
  assert.equal(await picture.getAttribute("rel"), "noopener noreferrer");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await close();
});

test("page: a diff is shown as one, copied, and verified with its receipt", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await ask(page, "full");
  const turn = await waitForAnswer(page);
  const diff = turn.getByRole("region", { name: "Diff of parser.py" });
  assert.equal(await turn.locator(".diff-card").count(), 2);
  assert.match(await textOf(turn.locator(".diff-card", { hasText: "server.py" })), /It does not apply: hunk 1/);
  assert.equal(await diff.locator(".line.removed").count(), 2);
  assert.equal(await diff.locator(".line.added").count(), 4);
  assert.equal(await diff.locator(".line.removed").first().getAttribute("data-line"), "5");
  await diff.getByRole("button", { name: "Copy the diff" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), patch);

  await diff.getByRole("button", { name: "Verify" }).click();
  const tests = page.locator("#tests");
  await tests.locator(".run-result .receipt").last().waitFor();
  assert.match(await textOf(tests.locator(".run-state")), /Tests passed2 tests ran, 0 failed · 1\.6 s/);
  await tests.getByText("Earlier attempts: 1").click();
  assert.match(await textOf(tests.locator(".attempt")), /1 of 2 tests failed/);
  assert.equal(wire.lastRun.body.patch, patch);
  assert.equal(wire.lastRun.body.action, "verify");
  await close();
});

test("page: tests stream their output as it comes, and stop when they are stopped", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await page.locator("#side").getByRole("button", { name: "Tests" }).click();
  await page.getByRole("textbox", { name: "Command" }).fill("wait");
  await page.keyboard.press("Enter");
  const output = page.getByRole("region", { name: "Output" });
  await output.getByText("line 4").waitFor();
  assert.equal(await textOf(output), "line 1\nline 2\nline 3\nline 4\n");
  assert.equal(await textOf(output.locator(".stderr")), "line 3\n");
  await page.locator("#tests").getByRole("button", { name: "Stop" }).click();
  await page.locator(".run-state", { hasText: "Stopped." }).waitFor();
  await waitFor(() => wire.lastRun?.isGone, "the run is left");

  await page.getByRole("textbox", { name: "Command" }).fill("");
  await page.getByRole("button", { name: "Run tests" }).click();
  const receipt = page.locator("#tests .receipt");
  await receipt.waitFor();
  assert.match(await textOf(receipt), /Output SHA-2569f86d081884c7d65/);
  await close();
});

test("page: conversations are found, opened by their address, renamed, exported and deleted", async () => {
  const { page, close } = await openPage(browser, wire.url, { expected: [404] });
  await ask(page, "alpha question");
  await page.getByText("You asked: alpha question").waitFor();
  await page.getByRole("button", { name: "New conversation" }).click();
  await ask(page, "beta question");
  await page.getByText("You asked: beta question").waitFor();

  const list = page.getByRole("navigation", { name: "Conversations" });
  await list.getByRole("searchbox").fill("alpha");
  await waitFor(async () => (await list.getByRole("listitem").count()) === 1, "one found");
  await list.getByRole("link", { name: /alpha question/ }).click();
  await page.getByText("You asked: alpha question").waitFor();
  const address = page.url();
  await page.goBack();
  await page.getByText("You asked: beta question").waitFor();
  await page.goto(address);
  await page.reload();
  await page.getByText("You asked: alpha question").waitFor();

  await list.getByRole("searchbox").fill("alpha");
  await waitFor(async () => (await list.getByRole("listitem").count()) === 1, "one found");
  await list.getByRole("listitem").hover();
  await list.getByRole("button", { name: "Rename “alpha question”" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("alpha, renamed");
  await page.keyboard.press("Enter");
  await list.getByRole("link", { name: /alpha, renamed/ }).waitFor();

  const download = page.waitForEvent("download");
  await list.getByRole("listitem").hover();
  await list.getByRole("button", { name: "Export “alpha, renamed” as Markdown" }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "alpha-renamed.md");
  assert.match(readFileSync(await file.path(), "utf8"), /^# alpha, renamed\n[^]*You asked: alpha question/);

  await list.getByRole("listitem").hover();
  await list.getByRole("button", { name: "Delete “alpha, renamed”" }).click();
  await list.getByRole("button", { name: "Delete", exact: true }).click();
  await list.getByText("None has that in its title or a question.").waitFor();
  await page.getByRole("heading", { name: "Ask about this code" }).waitFor();
  await page.goto(address);
  await page.reload();
  await page.getByRole("alert").filter({ hasText: "there is no such conversation" }).waitFor();
  await close();
});

test("page: everything is reached with the keyboard, in the order in which it stands", async () => {
  const { page, close } = await openPage(browser, wire.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, "full");
  await waitForAnswer(page);
  await page.locator(".skip-link").focus();
  const names = [];
  for (let stops = 0; stops < 80 && names.at(-1) !== "end"; stops += 1) {
    if (stops > 0) await page.keyboard.press("Tab");
    names.push(
      await page.evaluate(() => {
        const element = document.activeElement;
        if (element === document.body) return "end";
        const isMarked = getComputedStyle(element).outlineStyle !== "none" || element.matches("#question, .skip-link"); // a frame and its place show these two
        return `${isMarked ? "" : "UNMARKED "}${element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40)}`;
      }),
    );
  }
  const order = ["Skip to the question", "Project: ", "Find", "Health", "Theme", "New conversation", "Find a conversation", "Answers", "Edit the question", "parser.py:4-6", "Verify", "Question", "Evidence"];
  let at = -1;
  for (const name of order) {
    const next = names.findIndex((found, index) => index > at && found.includes(name));
    assert.ok(next > at, `${name} after ${names[at]} in ${names.join(" | ")}`);
    at = next;
  }
  assert.deepEqual(names.filter((name) => name.startsWith("UNMARKED")), []);
  await close();
});

test("page: what happens is said to screen readers", async () => {
  const { page, close } = await openPage(browser, wire.url);
  const said = [];
  await page.exposeFunction("hear", (text) => said.push(text));
  await page.evaluate(() => {
    const region = document.getElementById("announcer");
    new MutationObserver(() => region.textContent && window.hear(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
  });
  await ask(page, "full");
  await waitForAnswer(page);
  await waitFor(() => said.some((text) => text === "The answer is there, with 3 citations."), "the end is said");
  await close();
});

test("page: on a phone one part is shown at a time, with the conversations in a drawer", async () => {
  const { page, close } = await openPage(browser, wire.url, { viewport: narrow, hasTouch: true });
  await ask(page, "full");
  const turn = await waitForAnswer(page);
  await turn.locator(".citation").first().click();
  await page.locator(".card.source").first().waitFor();
  assert.equal(await page.locator("#answer-part").isVisible(), false);
  await page.locator(".card.source").first().getByRole("button", { name: "2 mentions" }).click();
  await turn.locator(".citation").first().waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);

  await page.getByRole("button", { name: "Conversations", exact: true }).click();
  const drawer = page.getByRole("navigation", { name: "Conversations" });
  await drawer.getByRole("link", { name: /full/ }).first().waitFor();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  await close();
});
