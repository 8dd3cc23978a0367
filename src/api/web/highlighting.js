// Code as highlighted lines: elements, no markup text.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cmake from "highlight.js/lib/languages/cmake";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import dart from "highlight.js/lib/languages/dart";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import elixir from "highlight.js/lib/languages/elixir";
import go from "highlight.js/lib/languages/go";
import graphql from "highlight.js/lib/languages/graphql";
import groovy from "highlight.js/lib/languages/groovy";
import haskell from "highlight.js/lib/languages/haskell";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import less from "highlight.js/lib/languages/less";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import objectivec from "highlight.js/lib/languages/objectivec";
import perl from "highlight.js/lib/languages/perl";
import php from "highlight.js/lib/languages/php";
import powershell from "highlight.js/lib/languages/powershell";
import protobuf from "highlight.js/lib/languages/protobuf";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import scala from "highlight.js/lib/languages/scala";
import scss from "highlight.js/lib/languages/scss";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import zig from "highlightjs-zig";

const languages = {
  bash, c, cmake, cpp, csharp, css, dart, diff, dockerfile, elixir, go, graphql, groovy, haskell, ini, java, javascript,
  json, kotlin, less, lua, makefile, markdown, objectivec, perl, php, powershell, protobuf, python, r, ruby, rust,
  scala, scss, sql, swift, typescript, xml, yaml, zig,
};
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

// The index's names of languages that highlight.js calls otherwise, or that are close enough to one of its own.
hljs.registerAliases(["cuda", "glsl"], { languageName: "cpp" });
hljs.registerAliases(["fish"], { languageName: "bash" });
hljs.registerAliases(["hcl"], { languageName: "ini" });
hljs.registerAliases(["objective-c"], { languageName: "objectivec" });
hljs.registerAliases(["cython", "starlark"], { languageName: "python" });
hljs.registerAliases(["html", "svelte", "vue"], { languageName: "xml" });
hljs.registerAliases(["sass"], { languageName: "scss" });

// highlight.js tells an emitter what it finds. This one builds a fragment a line, with open scopes begun anew in each.
class LineEmitter {
  constructor() {
    this.lines = [document.createDocumentFragment()];
    this.scopes = [];
    this.open = [this.lines[0]];
  }

  addText(text) {
    text.split("\n").forEach((piece, index) => {
      if (index > 0) this.#beginLine();
      if (piece !== "") this.open.at(-1).append(piece);
    });
  }

  openNode(scope) {
    this.scopes.push(scope);
    this.#openElement(scope);
  }

  closeNode() {
    this.scopes.pop();
    this.open.pop();
  }

  startScope(scope) {
    this.openNode(scope);
  }

  endScope() {
    this.closeNode();
  }

  __addSublanguage(emitter) {
    emitter.lines.forEach((line, index) => {
      if (index > 0) this.#beginLine();
      this.open.at(-1).append(line);
    });
  }

  finalize() {}

  toHTML() {
    return "";
  }

  #beginLine() {
    const line = document.createDocumentFragment();
    this.lines.push(line);
    this.open = [line];
    for (const scope of this.scopes) this.#openElement(scope);
  }

  #openElement(scope) {
    const element = document.createElement("span");
    element.className = `hl-${scope.split(".")[0]}`;
    this.open.at(-1).append(element);
    this.open.push(element);
  }
}
hljs.configure({ __emitter: LineEmitter });

const largestText = 200_000;

// One fragment a line; a line end at the end of `text` begins no further line.
export function highlightLines(text, language) {
  const code = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (!language || !hljs.getLanguage(language) || code.length > largestText) return code.split("\n").map(makePlainLine);
  return hljs.highlight(code, { language, ignoreIllegals: true })._emitter.lines;
}

function makePlainLine(line) {
  const fragment = document.createDocumentFragment();
  fragment.append(line);
  return fragment;
}
