// The chat page with the crew of the built program, which asks a model server that plays scripts.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fullQuestion, patch, slowAnswer, startModel, steadyAnswer, testedQuestion } from "./model.mjs";
import { ask, makeFolder, narrow, openPage, Proxy, startBrowser, startProgram, waitFor, waitForAnswer } from "./support.mjs";

let browser;
let model;
let modelProxy; // between the program and the model
let program;
let serverProxy; // between the page and the program

before(async () => {
  model = await startModel();
  modelProxy = await Proxy.start(model.url);
  program = await startProgram(makeFolder(), { variables: { ...model.variables, LLM_URL: `${modelProxy.url}/v1` } });
  serverProxy = await Proxy.start(program.url);
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  serverProxy.stop();
  await program.stop();
  modelProxy.stop();
  await model.stop();
});

const textOf = (locator) => locator.textContent();

// The events of a run as the server kept them, once it has ended.
async function readRun(asked) {
  const events = await fetch(`${program.url}/chat/${asked}/events`, { headers: { Accept: "text/event-stream" } });
  return [...(await events.text()).matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, name, data]) => ({ name, data: JSON.parse(data) }));
}

// Whether a process has this in its command line.
function isAtWork(word) {
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
    } catch {
      return false; // it ended meanwhile
    }
  });
}

test("page: plan, tool calls, output and steps are cards with time and size", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, testedQuestion);
  const turn = await waitForAnswer(page);

  const work = turn.locator(".work");
  assert.match(await textOf(work.locator("> summary")), /^7 steps · 4 tool calls · [\d.]+ m?s$/);
  assert.equal(await work.getAttribute("open"), null);
  await work.locator("> summary").click();
  const card = (name) => work.locator(".step", { has: page.locator(".step-name", { hasText: name }) }).first();
  assert.match(await textOf(card(/^search_code/).locator("summary")), /\d+ places?[\d.]+ m?s · [\d.,]+ (B|KiB)/);
  await card(/^search_code/).locator("summary").click();
  await card(/^search_code/).getByText('"query": "parse headers"').waitFor();
  await card(/^search_code/).getByText("parser.py:1-6").waitFor();
  assert.ok(await card("read_lines").locator(".mark.bad").isVisible());
  assert.match(await textOf(card("output")), /2 passed in [\d.]+s/);
  assert.match(await textOf(card("plan")), /coder, runner.*parse headers.*route requests.*a change of the code and a run of the tests/);
  assert.match(await textOf(card("manager · plan").locator("summary")), /run the tests, search the code, propose a change[\d.]+ m?s$/);
  assert.match(await textOf(card("runner · run_tests")), /The tests passed: `pytest` ran 2 tests/);
  await close();
});

test("page: what is said before tool calls is a remark and no part of the answer", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, fullQuestion);
  const turn = await waitForAnswer(page);
  assert.match(await textOf(turn.locator(".steps")), /remarkI look at the parser first\./);
  assert.doesNotMatch(await textOf(turn.locator(".answer")), /I look at the parser first/);
  assert.match(await textOf(turn.locator(".answer")), /^Headers are split by/);
  await close();
});

test("page: the answer grows while it is made, and the question stays in sight", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, "slow");
  const answer = page.locator(".answer").last();
  await answer.getByText("word 3").waitFor();
  const before = (await textOf(answer)).length;
  await waitFor(async () => (await textOf(answer)).length > before + 200, "more words");
  assert.ok(await page.locator(".turn[aria-busy] .question-text").isVisible());
  assert.ok(slowAnswer.startsWith((await textOf(answer)).trim()));
  await page.keyboard.press("Escape");
  await page.getByText("Stopped", { exact: true }).waitFor();
  await close();
});

test("page: the stop button ends the run on the server, and Esc does too", async () => {
  const { page, asked, close } = await openPage(browser, program.url);
  for (const stop of [() => page.getByRole("button", { name: "Stop" }).click(), () => page.keyboard.press("Escape")]) {
    await ask(page, "slow");
    await page.locator(".answer").last().getByText("word 2").waitFor();
    await stop();
    const turn = page.locator(".turn").last();
    await turn.locator(".badge", { hasText: "Stopped" }).waitFor();
    const { method, path } = asked.at(-1);
    assert.equal(method, "DELETE");
    const last = (await readRun(path.split("/").at(-1))).at(-1);
    assert.equal(`${last.name}: ${last.data.error}`, "error: cancelled");
    await waitFor(() => modelProxy.open === 0, "the model is left");
    assert.match(await textOf(turn.locator(".answer")), /word 2/);
    await page.getByRole("button", { name: "Ask", exact: true }).waitFor();
  }
  await close();
});

test("page: citations are numbered cards, verified or not, linked both ways and each place in turn", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, fullQuestion);
  const turn = await waitForAnswer(page);
  const cards = page.locator(".card.source");
  assert.equal(await cards.count(), 3);
  assert.deepEqual(await turn.locator(".citation").allTextContents(), ["parser.py:4-6", "net/router.cpp:66-71", "server.py:40-44", "parser.py:4-6"]);
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
  const { page, asked, close } = await openPage(browser, program.url);
  await ask(page, "first question");
  await waitForAnswer(page);
  await page.getByRole("button", { name: "Edit the question and ask again" }).first().click();
  const box = page.getByRole("textbox", { name: "Question" });
  assert.equal(await box.inputValue(), "first question");
  await page.keyboard.type(", edited");
  await page.keyboard.press("Enter");
  await page.getByText("You asked: first question, edited").waitFor();
  await waitForAnswer(page);  // Esc would stop it

  await page.keyboard.press("ArrowUp");
  assert.equal(await box.inputValue(), "first question, edited");
  await page.keyboard.press("Escape");
  assert.equal(await box.inputValue(), "");
  await box.fill("one\ntwo");
  await page.keyboard.press("ArrowUp");
  assert.equal(await box.inputValue(), "one\ntwo");
  assert.deepEqual(asked.map(({ body }) => body.message), ["first question", "first question, edited"]);
  assert.equal(asked[0].body.conversation_id, undefined);
  assert.equal(`#/c/${asked[1].body.conversation_id}`, new URL(page.url()).hash);
  await close();
});

test("page: a broken connection is taken up where it was, and nothing comes twice", async () => {
  const { page, asked, close } = await openPage(browser, serverProxy.url, { expected: ["away"] });
  await ask(page, "steady");
  const answer = page.locator(".answer");
  await answer.getByText("word 5").waitFor();
  serverProxy.cut();
  await answer.getByText("word 20").waitFor();
  assert.ok(await page.locator(".turn[aria-busy]").isVisible());
  assert.ok(steadyAnswer.startsWith((await textOf(answer)).trim()));
  assert.equal(await page.getByText("The connection broke").count(), 0);
  await waitForAnswer(page);
  assert.equal((await textOf(answer)).trim(), steadyAnswer);
  const [first, again] = asked;
  assert.equal(first.body.on_disconnect, "continue");
  assert.match(again.path, /^\/chat\/.+\/events$/);
  assert.ok(Number(again.headers["last-event-id"]) > 5);
  await close();
});

test("page: a page that is loaded anew takes up the run that goes on", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, "slow, and loaded anew");
  await page.locator(".answer").getByText("word 3").waitFor();
  await page.reload();
  await page.locator(".question-text", { hasText: "slow, and loaded anew" }).waitFor();
  await page.locator(".answer").getByText("word 1 word 2 word 3").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Stopped", { exact: true }).waitFor();
  await close();
});

test("page: a run that fails says why, and can be asked again", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, "slow");
  const turns = page.locator(".turn");
  for (const at of [0, 1]) {
    await turns.nth(at).locator(".answer").getByText("word 2").waitFor();
    const { runId } = await page.evaluate(() => JSON.parse(sessionStorage.getItem("codehelper-run")));
    await fetch(`${program.url}/chat/${runId}`, { method: "DELETE" }); // by another one, not by this page
    await turns.nth(at).getByRole("alert").filter({ hasText: "the answer was stopped" }).waitFor();
    if (at === 0) await page.getByRole("button", { name: "Ask again", exact: true }).click();
  }
  await close();
});

test("page: when the model fails, the answer is the index's and says so", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, "the engine: where are headers parsed?");
  const turn = await waitForAnswer(page);
  assert.match(await textOf(turn.locator(".answer")), /the engine died/);
  assert.ok((await turn.locator(".citation").count()) > 0);
  assert.match(await textOf(turn.locator(".turn-foot")), /without a model/);
  await close();
});

test("page: what a model writes is never markup, script, style or a picture", async () => {
  const { page, close } = await openPage(browser, program.url);
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
  const { page, asked, close } = await openPage(browser, program.url);
  await ask(page, fullQuestion);
  const turn = await waitForAnswer(page);
  const diff = turn.getByRole("region", { name: "Diff of parser.py" });
  assert.equal(await turn.locator(".diff-card").count(), 1);
  assert.equal(await diff.locator(".line.removed").count(), 2);
  assert.equal(await diff.locator(".line.added").count(), 3);
  assert.equal(await diff.locator(".line.removed").first().getAttribute("data-line"), "5");
  await diff.getByRole("button", { name: "Copy the diff" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), patch);

  await diff.getByRole("button", { name: "Verify" }).click();
  await page.locator("#tests .receipt").last().waitFor();
  const { body } = asked.at(-1);
  assert.equal(body.patch, patch);
  assert.equal(body.action, "verify");
  assert.equal(body.message, fullQuestion);
  await close();
});

test("page: a diff that is mended is two runs, each with its change, its output and its receipt", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, fullQuestion);
  const turn = await waitForAnswer(page);
  const tests = page.locator("#tests");
  await tests.locator(".run-state").evaluate((state) => {
    window.states = [];
    new MutationObserver(() => window.states.push(state.textContent)).observe(state, { childList: true });
  });
  await turn.getByRole("button", { name: "Verify" }).click();
  await tests.locator(".run-state").getByText("Tests passed").waitFor();
  const states = await page.evaluate(() => window.states);
  assert.ok(states.some((state) => /1 failed.* The change is being mended/.test(state)), JSON.stringify(states));
  assert.match(await textOf(tests.locator(".run-state")), /Tests passed2 tests ran, 0 failed · [\d.]+ m?s/);
  const runs = ["Run 1 · before the repair", "Run 2 · after the repair"].map((name) => tests.getByRole("region", { name, exact: true }));
  const found = [];
  for (const run of runs) {
    found.push({
      change: await textOf(run.locator(".diff-card")),
      output: await textOf(run.getByRole("region", { name: "Output" })),
      receipt: await textOf(run.locator(".receipt")),
    });
  }
  assert.match(found[0].change, /\{name: value for/);
  assert.match(found[0].output, /1 failed, 1 passed/);
  assert.doesNotMatch(found[0].output, /2 passed/);
  assert.match(found[0].receipt, /2 tests ran, 1 failed/);
  assert.match(found[1].change, /\{name\.strip\(\): value\.strip\(\) for/);
  assert.match(found[1].output, /2 passed/);
  assert.doesNotMatch(found[1].output, /1 failed/);
  assert.match(found[1].receipt, /2 tests ran, 0 failed/);
  const isInSight = (locator) => locator.evaluate((element) => {
    const { left, top } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + 2, top + 2));
  });
  await waitFor(() => isInSight(runs[1].getByRole("heading")), "the second run is in sight");
  assert.ok(await isInSight(tests.locator(".run-state")), "and so is how it ended");
  await close();
});

test("page: a run that goes on is not joined by another one, and that is said", async () => {
  const { page, asked, close } = await openPage(browser, program.url);
  await ask(page, fullQuestion);
  const turn = await waitForAnswer(page);
  await page.locator("#side").getByRole("button", { name: "Tests" }).click();
  await page.getByRole("textbox", { name: "Command" }).fill(`python3 -c 'import time; print("begun", flush=True); time.sleep(72.5)'`);
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Output" }).getByText("begun").waitFor();
  await turn.getByRole("button", { name: "Verify" }).click();
  await page.getByText("A run goes on already").waitFor();
  assert.equal(asked.filter(({ path }) => path === "/run").length, 1);
  await page.locator("#tests").getByRole("button", { name: "Stop" }).click();
  await page.locator(".run-state", { hasText: "Stopped." }).waitFor();
  await close();
});

test("page: a diff that does not apply says why, and is not verified", async () => {
  const { page, close } = await openPage(browser, program.url);
  await ask(page, "spoil the server");
  const turn = await waitForAnswer(page);
  const diff = turn.locator(".diff-card");
  assert.equal(await diff.count(), 1);
  assert.match(await textOf(diff), /It does not apply: .*server\.py/);
  assert.equal(await diff.getByRole("button", { name: "Verify" }).count(), 0);
  await close();
});

test("page: tests stream their output as it comes, and stop when they are stopped", async () => {
  const { page, close } = await openPage(browser, program.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await page.locator("#side").getByRole("button", { name: "Tests" }).click();
  const command = page.getByRole("textbox", { name: "Command" });
  const say = [1, 2, 3, 4].map((line) => `print("\\033[32mline ${line}\\033[0m", file=${line === 3 ? "sys.stderr" : "sys.stdout"}, flush=True); time.sleep(0.2)`);
  await command.fill(`python3 -c 'import sys, time; ${say.join("; ")}; time.sleep(71.25)'`);
  await page.keyboard.press("Enter");
  const output = page.getByRole("region", { name: "Output" });
  await output.getByText("line 4").waitFor();
  assert.equal(await textOf(output), "line 1\nline 2\nline 3\nline 4\n");
  // However many pieces it came in.
  assert.equal((await output.locator(".stderr").allTextContents()).join(""), "line 3\n");
  assert.ok(isAtWork("sleep(71.25)"));
  await page.locator("#tests").getByRole("button", { name: "Stop" }).click();
  await page.locator(".run-state", { hasText: "Stopped." }).waitFor();
  await waitFor(() => !isAtWork("sleep(71.25)"), "the end of the command");

  await command.fill(`python3 -c 'print("fixed")'`);
  await page.keyboard.press("Enter");
  const receipt = page.locator("#tests .receipt");
  await receipt.waitFor();
  const sum = createHash("sha256").update("fixed\n").digest("hex");
  assert.ok((await textOf(receipt)).includes(`Output SHA-256${sum.slice(0, 16)}…`));
  await close();
});

test("page: conversations are found, opened by their address, renamed, exported and deleted", async () => {
  const { page, close } = await openPage(browser, program.url, { expected: [404] });
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
  await page.getByRole("alert").filter({ hasText: "there is no conversation" }).waitFor();
  await close();
});

test("page: everything is reached with the keyboard, in the order in which it stands", async () => {
  const { page, close } = await openPage(browser, program.url);
  await page.locator("#project-button", { hasText: "ready" }).waitFor();
  await ask(page, fullQuestion);
  await waitForAnswer(page);
  await page.locator(".skip-link").focus();
  const names = [];
  for (let stops = 0; stops < 120 && names.at(-1) !== "end"; stops += 1) {
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
  const { page, close } = await openPage(browser, program.url);
  const said = [];
  await page.exposeFunction("hear", (text) => said.push(text));
  await page.evaluate(() => {
    const region = document.getElementById("announcer");
    new MutationObserver(() => region.textContent && window.hear(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
  });
  await ask(page, fullQuestion);
  await waitForAnswer(page);
  await waitFor(() => said.some((text) => text === "The answer is there, with 3 citations."), "the end is said");
  await close();
});

test("page: on a phone one part is shown at a time, with the conversations in a drawer", async () => {
  const { page, close } = await openPage(browser, program.url, { viewport: narrow, hasTouch: true });
  await ask(page, fullQuestion);
  const turn = await waitForAnswer(page);
  await turn.locator(".citation").first().click();
  await page.locator(".card.source").first().waitFor();
  assert.equal(await page.locator("#answer-part").isVisible(), false);
  await page.locator(".card.source").first().getByRole("button", { name: "2 mentions" }).click();
  await turn.locator(".citation").first().waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);

  await page.getByRole("button", { name: "Conversations", exact: true }).click();
  const drawer = page.getByRole("navigation", { name: "Conversations" });
  await drawer.getByRole("link", { name: /full answer/ }).first().waitFor();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  await close();
});
