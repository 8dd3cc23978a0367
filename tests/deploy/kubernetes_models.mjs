// What kubernetes-models says about a manifest: its schema's complaints, and the fields that no declaration has, which
// the schema lets pass and the cluster drops without a word.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(import.meta.url);
const modelsFolder = path.dirname(require.resolve("kubernetes-models/package.json"));

export function schemaFaults(manifest) {
  const { apiVersion, kind } = manifest;
  let Model;
  try {
    Model = require(`kubernetes-models/${apiVersion}`)[kind];
  } catch {
    return [`no ${apiVersion}`];
  }
  if (!Model) return [`no ${kind} in ${apiVersion}`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

// The interface of a declaration file: each field with its type's text, and where the types that it names are declared.
const interfaces = new Map();
function readInterface(file) {
  if (interfaces.has(file)) return interfaces.get(file);
  const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const imports = new Map();
  for (const [, names, from] of text.matchAll(/import \{ ([^}]+) \} from "([^"]+)"/g)) {
    for (const name of names.split(", ")) imports.set(name, from);
  }
  const body = /export interface \w+(?: extends TypeMeta)? \{\n([\s\S]*?)\n\}/.exec(text)?.[1];
  const fields = body && new Map([...body.matchAll(/^ {4}"([^"]+)"\??: ([\s\S]*?);$/gm)].map(([, name, type]) => [name, type]));
  const found = { file, fields, imports };
  interfaces.set(file, found);
  return found;
}

function declarationOf(type, { file, imports }) {
  const name = /\bII?[A-Z]\w+/.exec(type)?.[0];
  const from = imports.get(name);
  if (!from) return undefined;
  const base = from.startsWith(".") ? path.resolve(path.dirname(file), from) : path.join(modelsFolder, "..", from);
  return existsSync(`${base}.d.ts`) ? readInterface(`${base}.d.ts`) : undefined;
}

// The places of fields that are not declared. Maps with free keys, and types that are plain values, end the descent.
function fieldsBeyond(value, declaration, place) {
  if (Array.isArray(value)) return value.flatMap((each, index) => fieldsBeyond(each, declaration, `${place}[${index}]`));
  if (!declaration?.fields || value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const type = declaration.fields.get(name);
    if (type === undefined) return [`${place}.${name}`];
    return type.startsWith("{") ? [] : fieldsBeyond(inner, declarationOf(type, declaration), `${place}.${name}`);
  });
}

export function unknownFields(manifest) {
  const file = path.join(modelsFolder, manifest.apiVersion, `${manifest.kind}.d.ts`);
  return fieldsBeyond(manifest, readInterface(file), manifest.kind);
}
