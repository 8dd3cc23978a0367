// Bundles the page and embeds it: `node bundle.mjs OUTPUT.cpp DEPFILE` writes the files, minified, hashed and compressed,
// as one C++ source (page_assets.hpp), and the list of what they were made of for the build system.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const [output, depfile] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

// The folder in node_modules that a bundled file belongs to.
function packageOf(input) {
  return /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
}

// Their licences ask to be passed on with the code.
function collectLicenses(inputs) {
  const names = [...new Set(inputs.map(packageOf).filter(Boolean))].sort();
  return names.map((name) => `${name}\n\n${readFileSync(path.join(here, "node_modules", name, "LICENSE"), "utf8")}`).join("\n\n");
}

async function bundle(entry) {
  const result = await build({
    absWorkingDir: here,
    bundle: true,
    entryPoints: [entry],
    format: "esm",
    legalComments: "none",
    metafile: true,
    minify: true,
    target: ["chrome123", "firefox120", "safari17.5"],
    write: false,
  });
  return { bytes: Buffer.from(result.outputFiles[0].contents), inputs: Object.keys(result.metafile.inputs) };
}

function makeAsset(url, bytes) {
  const type = types[path.extname(url) || ".html"];
  return { url, type, etag: `W/\\"${hashOf(bytes)}\\"`, size: bytes.length, gzip: gzipSync(bytes, { level: 9 }) };
}

function nameAsset(file, bytes) {
  const { name, ext } = path.parse(file);
  return `/assets/${name}.${hashOf(bytes)}${ext}`;
}

function toSource(assets) {
  const data = assets.map(({ gzip }, i) => `constexpr unsigned char kFile${i}[] = {${[...gzip].join(",")}};`);
  const rows = assets.map(({ url, type, etag, size }, i) => `    {"${url}", "${type}", "${etag}", ${size}, kFile${i}},`);
  return `// Made by web/bundle.mjs.
#include "page_assets.hpp"

namespace codehelper {

namespace {

${data.join("\n")}

constexpr PageAsset kAssets[] = {
${rows.join("\n")}
};

}  // namespace

std::span<const PageAsset> page_assets() {
  return kAssets;
}

}  // namespace codehelper
`;
}

const script = await bundle("main.js");
const style = await bundle("style.css");
const files = new Map([
  ["main.js", script.bytes],
  ["style.css", style.bytes],
  ["icon.svg", readFileSync(path.join(here, "icon.svg"))],
  ["licenses.txt", Buffer.from(collectLicenses(script.inputs))],
]);
let page = readFileSync(path.join(here, "index.html"), "utf8");
const assets = [];
for (const [file, bytes] of files) {
  const url = nameAsset(file, bytes);
  page = page.replaceAll(`"${file}"`, `"${url}"`);
  assets.push(makeAsset(url, bytes));
}
assets.unshift(makeAsset("/", Buffer.from(page)));
writeFileSync(output, toSource(assets));

const inputs = [...script.inputs, ...style.inputs, "icon.svg", "index.html", "bundle.mjs"];
writeFileSync(depfile, `${output}: ${inputs.map((input) => path.join(here, input)).join(" ")}\n`);
