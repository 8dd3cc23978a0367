// How the chat page looks, in both themes, on a desk and on a phone: pictures to be looked at, and axe-core's judgement
// of each of them.
import axe from "axe-core";
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { testedQuestion, startModel } from "./model.mjs";
import { ask, makeFile, makeFolder, narrow, openPage, pictures, startBrowser, startProgram, waitForAnswer, wide } from "./support.mjs";

let browser;
let model;
let program;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  model = await startModel();
  program = await startProgram(makeFolder(), { variables: model.variables });
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  await program.stop();
  await model.stop();
});

// Scenes in the order in which one leads to the next; each leaves the page as it is to be looked at.
const scenes = {
  start: async (page) => {
    await page.locator("#project-button", { hasText: "ready" }).waitFor();
  },
  attached: async (page) => {
    const long = `${"a-very-long-name-".repeat(6)}.log`;
    await page.locator("input[type=file]").setInputFiles([makeFile("trace.log", "KeyError: 'host'\n"), makeFile(long, "x".repeat(5000)), makeFile("picture.png", "\0")]);
    await page.locator("#ask").getByRole("alert").waitFor();
  },
  running: async (page) => {
    await ask(page, "slow");
    await page.locator(".answer").getByText("word 9").waitFor();
  },
  answer: async (page) => {
    await page.keyboard.press("Escape");
    await page.getByText("Stopped", { exact: true }).waitFor();
    await page.evaluate(() => document.querySelector('[aria-label="New conversation"]').click());
    await ask(page, testedQuestion);
    await waitForAnswer(page);
  },
  steps: async (page) => {
    await page.locator(".work > summary").click();
    await page.locator(".step summary").nth(3).click();
  },
  evidence: async (page) => {
    await page.locator(".citation").first().click();
    await page.locator(".card.source").nth(1).locator(".line").first().waitFor();
  },
  tests: async (page) => {
    const tab = page.locator('.view-tabs [data-view="answer"]');
    if (await tab.isVisible()) await tab.click();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.locator("#tests .receipt").last().waitFor();
  },
  project: async (page) => {
    await page.locator("#project-button").click();
    await page.locator(".skipped summary").click();
    await page.locator(".skipped td").first().waitFor();
  },
  find: async (page) => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("header");
    await page.getByRole("option", { name: /^parser\.py/ }).waitFor();
  },
  health: async (page) => {
    await page.keyboard.press("Escape");
    await page.locator("#health-button").click();
    await page.getByRole("dialog", { name: "Health" }).getByText("All is well.").waitFor();
  },
};

async function findFaults(page) {
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const faults = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return faults.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
}

for (const theme of ["light", "dark"]) {
  for (const [size, viewport] of Object.entries({ wide, narrow })) {
    test(`page: no serious fault of accessibility, ${theme} and ${size}`, async () => {
      const { page, close } = await openPage(browser, program.url, { viewport, theme, reducedMotion: "reduce" });
      await page.evaluate(axe.source);
      const found = {};
      for (const [scene, play] of Object.entries(scenes)) {
        await play(page);
        const picture = path.join(pictures, `${scene}-${size}-${theme}.png`);
        await page.screenshot({ path: picture });
        console.log(picture);
        const faults = await findFaults(page);
        if (faults.length > 0) found[scene] = faults;
      }
      assert.deepEqual(found, {});
      await close();
    });
  }
}
