// Files that go along with a question, with the crew of the built program.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startModel } from "./model.mjs";
import { ask, makeFile, makeFolder, openPage, startBrowser, startProgram, waitFor, waitForAnswer } from "./support.mjs";

let browser;
let model;
let program;

before(async () => {
  model = await startModel();
  program = await startProgram(makeFolder(), { variables: model.variables });
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  await program.stop();
  await model.stop();
});

const mebibyte = 1024 * 1024;
const trace = "starting\nKeyError: 'host'\nended\n";

async function attach(page, ...files) {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Attach files" }).click();
  await (await chooser).setFiles(files);
}

// As the browser does it when files are dropped or pasted.
function give(page, event, files) {
  return page.evaluate(
    ([kind, list]) => {
      const transfer = new DataTransfer();
      for (const [name, text, type] of list) transfer.items.add(new File([text], name, { type }));
      const isPaste = kind === "paste";
      const target = isPaste ? document.getElementById("question") : document.getElementById("turns");
      const made = isPaste
        ? new ClipboardEvent(kind, { clipboardData: transfer, bubbles: true, cancelable: true })
        : new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
      return !target.dispatchEvent(made);
    },
    [event, files],
  );
}

const waiting = (page) => page.locator("#ask .chip");
const refusal = (page) => page.locator("#ask").getByRole("alert");

async function waitForChips(page, expected) {
  await waitFor(async () => (await waiting(page).allTextContents()).join() === expected.join(), `the chips ${expected}`);
}

test("page: files are attached by button, drop and paste, and removed with the keyboard", async () => {
  const { page, asked, close } = await openPage(browser, program.url);
  await attach(page, makeFile("trace.log", trace));
  assert.ok(await give(page, "dragover", [["x", "", ""]]));
  await page.locator("body.dropping").waitFor();
  assert.ok(await give(page, "drop", [["my notes, old.txt", "a", ""], ["trace.log", "another", ""]]));
  assert.ok(await give(page, "paste", [["pasted.txt", "b".repeat(2048), "text/plain"]]));
  await waitForChips(page, ["trace.log32 B", "my-notes-old.txt1 B", "trace-2.log7 B", "pasted.txt2.0 KiB"]);
  assert.equal(await page.locator("body.dropping").count(), 0);

  await page.getByRole("textbox", { name: "Question" }).focus();
  for (let moves = 0; moves < 6; moves += 1) await page.keyboard.press("Shift+Tab");
  // Over the button, the chips from the last to the first, and back by one.
  await page.keyboard.press("Tab");
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  assert.equal(await focused(), "Remove trace.log");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Delete");
  assert.equal(await focused(), "Remove trace-2.log");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "Remove pasted.txt");
  await page.keyboard.press("Backspace");
  assert.equal(await focused(), "Remove trace.log");
  await waitForChips(page, ["trace.log32 B"]);

  await ask(page, "What does the trace tell?");
  const turn = await waitForAnswer(page);
  assert.deepEqual(asked[0].body.attachments, [{ name: "trace.log", text: trace }]);
  assert.deepEqual(await turn.getByRole("list", { name: "Attached files" }).getByRole("listitem").allTextContents(), ["trace.log32 B"]);
  assert.equal(await waiting(page).count(), 0);
  await close();
});

test("page: an attached file is evidence like the project's, with its lines around", async () => {
  const { page, close } = await openPage(browser, program.url);
  await attach(page, makeFile("trace.log", trace));
  await waitForChips(page, ["trace.log32 B"]);
  await ask(page, "What does the trace tell?");
  const turn = await waitForAnswer(page);
  await turn.locator("a.citation", { hasText: "attachment:trace.log:2" }).click();
  const card = page.locator(".card.source");
  assert.deepEqual(await card.locator(".line").allTextContents(), ["KeyError: 'host'\n"]);
  assert.equal(await card.locator(".badge").textContent(), "verified");
  await card.getByRole("button", { name: /More lines below/ }).click();
  await card.getByRole("button", { name: /More lines above/ }).click();
  assert.deepEqual(await card.locator(".line").allTextContents(), ["starting\n", "KeyError: 'host'\n", "ended\n"]);
  assert.equal(await card.locator(".line.cited").textContent(), "KeyError: 'host'\n");
  await close();
});

test("page: what can't be attached is refused before anything is sent, with the reason", async () => {
  const { page, asked, close } = await openPage(browser, program.url);
  const refusals = async (...files) => {
    await attach(page, ...files);
    await refusal(page).waitFor();
    const told = await refusal(page).locator("p").allTextContents();
    await page.getByRole("button", { name: "Dismiss" }).click();
    return told;
  };
  assert.deepEqual(await refusals(makeFile("a.png", [0x89, 0x50, 0, 1]), makeFile("utf16.txt", Buffer.from("ab", "utf16le")), makeFile("latin.txt", [0x66, 0xfc])), [
    "a.png is no text in UTF-8; only texts can be attached",
    "utf16.txt is no text in UTF-8; only texts can be attached",
    "latin.txt is no text in UTF-8; only texts can be attached",
  ]);
  assert.deepEqual(await refusals(makeFile("large.txt", "x".repeat(mebibyte + 1))), ["large.txt is larger than 1 MiB; attach the part of it that matters"]);
  assert.deepEqual(await refusals(makeFile("empty.txt", "")), ["empty.txt is empty"]);
  assert.equal(await waiting(page).count(), 0);

  const three = [1, 2, 3].map((number) => makeFile(`part${number}.txt`, String(number).repeat(mebibyte)));
  assert.match((await refusals(...three, makeFile("more.txt", "x")))[0], /^more\.txt .*larger than 3 MiB together/);
  assert.deepEqual(await refusals(three[0]), ["part1.txt is attached already"]);
  assert.equal(await waiting(page).count(), 3);

  await page.reload();
  const many = Array.from({ length: 42 }, (_, index) => makeFile(`f${index}.txt`, `${index}`));
  const told = await refusals(...many);
  assert.equal(told[0], "f32.txt is one too many; 32 files can be attached");
  assert.deepEqual(told.slice(6), ["and 4 more"]);
  assert.equal(await waiting(page).count(), 32);
  assert.deepEqual(asked, []);
  await close();
});

test("page: a request that JSON makes too large for the server is not sent, and the question stays", async () => {
  const { page, asked, close } = await openPage(browser, program.url);
  const quotes = [1, 2, 3].map((number) => makeFile(`quotes${number}.txt`, `${number}${'"'.repeat(mebibyte - 1)}`));
  await attach(page, ...quotes);
  await waitFor(async () => (await waiting(page).count()) === 3, "three chips");
  await page.keyboard.press("Enter");
  await refusal(page).getByText("Write what you want to know").waitFor();
  await ask(page, "What is in them?");
  await refusal(page).getByText("larger than the server takes").waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Question" }).inputValue(), "What is in them?");
  assert.deepEqual(asked, []);

  await page.getByRole("button", { name: "Remove quotes3.txt" }).click();
  await page.getByRole("button", { name: "Remove quotes2.txt" }).click();
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByText("You asked: What is in them?").waitFor();
  assert.equal(asked.length, 1);
  await close();
});

test("page: to edit and ask again keeps the files, and says so when they are gone", async () => {
  const { page, asked, close } = await openPage(browser, program.url);
  await attach(page, makeFile("trace.log", trace));
  await waitForChips(page, ["trace.log32 B"]);
  await ask(page, "What does the trace tell?");
  await waitForAnswer(page);
  await page.getByRole("button", { name: "Edit the question and ask again" }).click();
  await waitForChips(page, ["trace.log32 B"]);
  await page.keyboard.press("Escape");
  await waitForChips(page, []);
  await page.keyboard.press("ArrowUp");
  await waitForChips(page, ["trace.log32 B"]);
  await page.keyboard.press("Enter");
  await waitFor(async () => (await page.locator(".turn").count()) === 2, "the second turn");
  await waitForAnswer(page);
  assert.deepEqual(asked.map(({ body }) => body.attachments), [1, 2].map(() => [{ name: "trace.log", text: trace }]));

  await page.reload();
  const turn = page.locator(".turn").last();
  await turn.locator(".chip", { hasText: "trace.log" }).waitFor();
  assert.equal(await page.getByRole("button", { name: /More lines/ }).count(), 0);
  await turn.getByRole("button", { name: "Edit the question and ask again" }).click();
  await refusal(page).getByText("Not kept, to be attached again: trace.log").waitFor();
  assert.equal(await waiting(page).count(), 0);
  await close();
});
