// A data directory that runs full under a serving API, on a small file system of its own.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { binary, postJson, run, startServer, tryRun } from "./support.mjs";

const mayMount = tryRun("unshare", "--mount", "true").status === 0;

// Words that no other file has, so that the index grows with each of them.
function writeLargeSources(folder) {
  mkdirSync(folder);
  for (let file = 0; file < 40; file += 1) {
    const lines = Array.from(
      { length: 600 },
      (_, line) =>
        `value_${file}_${line} = "${(file * 7919 + line * 104729).toString(36)} ${(line * 15485863 + file).toString(36)}"`,
    );
    writeFileSync(path.join(folder, `table_${file}.py`), `${lines.join("\n")}\n`);
  }
}

async function indexed(api, project) {
  await postJson(`${api}/project`, { project_path: project, reindex: true });
  for (let waited = 0; waited < 600; waited += 1) {
    const status = await (await fetch(`${api}/project`)).json();
    if (status.index_status !== "indexing") return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail("still indexing");
}

test(
  "full disk: it is the cause that is told, the earlier index answers, and room mends it",
  { skip: !mayMount && "mounting isn't allowed here" },
  async (t) => {
    const place = mkdtempSync(path.join(tmpdir(), "full-disk-"));
    const [project, data] = [path.join(place, "project"), path.join(place, "data")];
    [project, data].forEach((folder) => mkdirSync(folder));
    writeFileSync(path.join(project, "parser.py"), "def parse_headers(text):\n    return text.splitlines()\n");
    const script = 'mount -t tmpfs -o size=700k tmpfs "$CODEHELPER_DATA_DIR" && exec "$0" serve-api --port 0';
    const server = await startServer(
      ["unshare", "--mount", "sh", "-c", script, binary],
      { HOME: place, CODEHELPER_DATA_DIR: data },
      path.join(place, "api.log"),
    );
    t.after(() => {
      server.stop();
      rmSync(place, { recursive: true });
    });

    const before = await indexed(server.url, project);
    writeLargeSources(path.join(project, "tables"));
    const full = await indexed(server.url, project);
    const { hits } = await postJson(`${server.url}/search`, { query: "parse_headers" });
    const health = await fetch(`${server.url}/health`);
    run("nsenter", "--target", String(server.pid), "--mount", "mount", "-o", "remount,size=64m", data);
    const after = await indexed(server.url, project);

    assert.equal(before.index_status, "ready");
    assert.equal(full.index_status, "failed");
    assert.match(full.cause, /the disk is full while writing .*: free space there/);
    assert.equal(hits[0].path, "parser.py");
    assert.equal(health.status, 200);
    assert.equal(after.index_status, "ready");
    assert.equal(after.index.files, 41);
  },
);
