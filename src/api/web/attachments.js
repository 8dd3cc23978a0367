// Texts that go along with a question, within the limits that `codehelper chat` and POST /chat have.
import { h, icon, iconButton } from "./dom.js";
import { formatBytes } from "./format.js";

const mebibyte = 1024 * 1024;
const oneAtMost = mebibyte;
const allAtMost = 3 * mebibyte;
const countAtMost = 32;
const requestAtMost = 4 * mebibyte;
const restOfRequest = 4096; // what a request has beside the question and the files

// An answer cites an attachment by its name, which therefore has no other characters than a path.
function nameFile(name, taken) {
  const plain = name.replace(/[^\w@.+-]+/g, "-").slice(-120) || "file";
  if (!taken.has(plain)) return plain;
  const [, stem, ending] = /^(.*?)(\.[^.]*)?$/.exec(plain);
  for (let number = 2; ; number += 1) {
    const numbered = `${stem}-${number}${ending ?? ""}`;
    if (!taken.has(numbered)) return numbered;
  }
}

// Throws where the bytes are no text in UTF-8.
function decode(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (text.includes("\0")) throw new TypeError("a text has no zero bytes");
  return text;
}

async function readFile(file, attached) {
  const refuse = (reason) => ({ refusal: `${file.name} ${reason}` });
  if (attached.length >= countAtMost) return refuse(`is one too many; ${countAtMost} files can be attached`);
  if (file.size > oneAtMost) return refuse("is larger than 1 MiB; attach the part of it that matters");
  const bytes = await file.arrayBuffer().catch(() => null);
  if (bytes === null) return refuse("can't be read; of a folder, attach the files that are in it");
  if (bytes.byteLength === 0) return refuse("is empty");
  let text;
  try {
    text = decode(bytes);
  } catch {
    return refuse("is no text in UTF-8; only texts can be attached");
  }
  if (attached.some((one) => one.text === text && one.name === nameFile(file.name, new Set()))) return refuse("is attached already");
  const used = attached.reduce((sum, one) => sum + one.bytes, 0);
  if (used + bytes.byteLength > allAtMost) return refuse("is too much: the attached files would be larger than 3 MiB together");
  const name = nameFile(file.name, new Set(attached.map((one) => one.name)));
  return { attachment: { name, text, bytes: bytes.byteLength } };
}

// Resolves to {attachments, refusals}: `attached` with what of `files` can go along, and why each other one can't.
export async function attachFiles(attached, files) {
  const attachments = [...attached];
  const refusals = [];
  for (const file of files) {
    const { attachment, refusal } = await readFile(file, attachments);
    if (attachment) attachments.push(attachment);
    else refusals.push(refusal);
  }
  return { attachments, refusals };
}

export function toWire(attachments) {
  return attachments.length > 0 ? attachments.map(({ name, text }) => ({ name, text })) : undefined;
}

// Whether the server would refuse the request for its size, which signs that JSON escapes add to.
export function isTooLarge(message, attachments) {
  const body = JSON.stringify({ message, attachments: toWire(attachments) });
  return new Blob([body]).size + restOfRequest > requestAtMost;
}

// `onRemove(attachment)`: null where they only are shown.
export function makeChips(attachments, onRemove = null) {
  return attachments.map((attachment) =>
    h(
      "li",
      { class: "chip", title: attachment.name },
      icon("file"),
      h("span", { class: "chip-name" }, attachment.name),
      h("span", { class: "chip-size" }, formatBytes(attachment.bytes)),
      onRemove && iconButton("close", `Remove ${attachment.name}`, () => onRemove(attachment)),
    ),
  );
}
