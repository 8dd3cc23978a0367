// deploy/sbom.mjs: the list of parts has the fields that CycloneDX 1.5 asks for, and nothing that is linked is missing.
import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { makeBill } from "../../deploy/sbom.mjs";
import { binary, buildTree, readText, run, tryRun } from "./support.mjs";

process.env.SOURCE_DATE_EPOCH = "1700000000";
const bill = makeBill(binary, buildTree, "1.2.3");
const linkageOf = (component) => component.properties.find(({ name }) => name === "codehelper:linkage").value;

// What must be in the list, found in another way: what the linker recorded, and what the build's files name.
function findExpectedParts() {
  const needed = [...run("readelf", "-d", binary).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
  const found = new Map([...run("ldd", binary).matchAll(/(\S+) => (\/\S+)/g)].map(([, name, file]) => [name, file]));
  const packages = needed
    .filter((name) => found.has(name))
    .map((name) => {
      const file = realpathSync(found.get(name));
      const asked = [file, file.replace(/^\/usr/, "")].map((each) => tryRun("dpkg-query", "-S", each).stdout).join("");
      return asked.split(":")[0] || path.basename(file);
    });
  const grammars = /set\(folders\n([^)]*)\)/.exec(readText("src/index/grammars/CMakeLists.txt"))[1].trim().split(/\s+/);
  const npm = grammars.map((folder) => /^(?:@[^/]+\/)?([^/]+)/.exec(folder)[1]);
  const page = Object.keys(JSON.parse(readText("src/api/web/package.json")).dependencies);
  const headers = ["libboost1.81-dev", "libcli11-dev", "libfmt-dev", "prometheus-cpp-dev"];
  return new Set([...packages, ...npm, "tree-sitter", ...page, ...headers]);
}

const expectedParts = findExpectedParts();

function missingFrom(components) {
  const names = new Set(components.map(({ name }) => name));
  return [...expectedParts].filter((name) => !names.has(name));
}

test("sbom: everything that is linked, compiled in or bundled is in it", () => {
  assert.ok(expectedParts.size > 30);
  assert.deepEqual(missingFrom(bill.components), []);
});

test("sbom: this would notice each part that is left out", () => {
  for (const part of expectedParts) {
    assert.deepEqual(missingFrom(bill.components.filter(({ name }) => name !== part)), [part]);
  }
});

test("sbom: it has the fields that CycloneDX asks for, with values of the right form", () => {
  assert.equal(bill.bomFormat, "CycloneDX");
  assert.equal(bill.specVersion, "1.5");
  assert.equal(bill.version, 1);
  assert.match(bill.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(bill.metadata.timestamp, "2023-11-14T22:13:20.000Z");
  assert.deepEqual(
    { ...bill.metadata.component, "bom-ref": "", purl: "" },
    {
      type: "application",
      "bom-ref": "",
      name: "codehelper",
      version: "1.2.3",
      licenses: [{ license: { id: "MIT" } }],
      purl: "",
    },
  );
  for (const component of bill.components) {
    assert.equal(component.type, "library");
    assert.ok(component.name.length > 0 && component.version.length > 0, component.name);
    assert.match(component.purl, /^pkg:(deb\/debian|npm(\/%40[^/]+)?)\/[^/@]+@[^@]+$/);
    assert.equal(component.licenses.length, 1);
    const [{ license, expression }] = component.licenses;
    assert.ok(expression || license.id || license.name, component.name);
    for (const { alg, content } of component.hashes ?? []) {
      assert.equal(alg, "SHA-512");
      assert.match(content, /^[0-9a-f]{128}$/);
    }
  }
  const references = bill.components.map((component) => component["bom-ref"]);
  assert.equal(new Set(references).size, references.length);
  assert.deepEqual(bill.dependencies, [{ ref: bill.metadata.component["bom-ref"], dependsOn: references }]);
});

test("sbom: no licence is unknown, and the test's own libraries are no parts", () => {
  const unknown = bill.components.filter(({ licenses: [{ license }] }) => /^(unknown|see )/.test(license?.name ?? ""));
  assert.deepEqual(unknown.map(({ name }) => name), []);
  assert.ok(!bill.components.some(({ name }) => name === "catch2"));
});

test("sbom: versions are those that are installed and locked", () => {
  for (const component of bill.components.filter(({ purl }) => purl.startsWith("pkg:deb/"))) {
    assert.equal(component.version, run("dpkg-query", "-W", "-f=${Version}", component.name), component.name);
  }
  const marked = bill.components.find(({ name }) => name === "marked");
  assert.equal(linkageOf(marked), "in the chat page");
  const installed = JSON.parse(readText("src/api/web/node_modules/marked/package.json"));
  assert.equal(marked.version, installed.version);
});
