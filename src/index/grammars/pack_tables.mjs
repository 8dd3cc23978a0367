// Takes the tables out of compiled parsers, which are three quarters of the program and fourteen times larger than deflated:
//   node pack_tables.mjs FOLDER PARSER.o…
// writes FOLDER/parser<n>.o, in which the tables are as large as before but empty (.bss), FOLDER/parser<n>.z with what
// belongs into them, one after the other, and FOLDER/grammar_tables.c, the list of both (grammar_tables.h).
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { deflateSync } from "node:zlib";

// Read by parsing only, unlike the names and kinds of symbols.
const tables = [
  "ts_parse_table",
  "ts_small_parse_table",
  "ts_small_parse_table_map",
  "ts_parse_actions",
  "ts_lex_modes",
  "ts_primary_state_ids",
];

const [folder, ...parsers] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

function run(command, ...args) {
  return execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });
}

function packParser(parser, index) {
  const place = path.join(folder, `parser${index}`);
  const language = /\bT (tree_sitter_\w+)$/m.exec(run("nm", "--defined-only", "--extern-only", parser))[1];
  const sections = run("readelf", "-SW", parser);
  const present = tables.filter((table) => sections.includes(` .rodata.${table} `));
  if (!present.includes("ts_parse_table")) throw new Error(`${parser} has no section .rodata.ts_parse_table`);
  const contents = present.map((table) => {
    run("objcopy", "-O", "binary", `--only-section=.rodata.${table}`, parser, `${place}.table`);
    return readFileSync(`${place}.table`);
  });
  writeFileSync(`${place}.z`, deflateSync(Buffer.concat(contents), { level: 9 }));
  const changes = present.flatMap((table) => [
    ...["--rename-section", `.rodata.${table}=.bss.${table},alloc`],
    ...["--globalize-symbol", `${language}_${table}`, "--redefine-sym", `${table}=${language}_${table}`],
  ]);
  changes.push("--remove-section", ".llvm_addrsig"); // made for the symbols as they were numbered before
  run("objcopy", ...changes, parser, `${place}.o`);
  return { language, packed: `${place}.z`, tables: present.map((table, at) => ({ table, size: contents[at].length })) };
}

function declare({ language, packed, tables: own }) {
  const symbols = own.map(({ table }) => `extern unsigned char ${language}_${table}[];`);
  const rows = own.map(({ table, size }) => `{${language}_${table}, ${size}}`);
  return `const TSLanguage *${language}(void);
${symbols.join("\n")}
static const struct GrammarTable ${language}_tables[] = {${rows.join(", ")}};
extern const unsigned char ${language}_packed[], ${language}_packed_end[];
__asm__(".section .rodata.${language}_packed,\\"a\\",@progbits\\n"
        ".hidden ${language}_packed\\n.global ${language}_packed\\n${language}_packed:\\n"
        ".incbin \\"${packed}\\"\\n"
        ".hidden ${language}_packed_end\\n.global ${language}_packed_end\\n${language}_packed_end:\\n"
        ".previous\\n");
`;
}

const packed = parsers.map(packParser);
const rows = packed.map(
  ({ language, tables: own }) =>
    `  {${language}, ${language}_packed, ${language}_packed_end, ${language}_tables, ${own.length}},`,
);
writeFileSync(
  path.join(folder, "grammar_tables.c"),
  `// Made by pack_tables.mjs.
#include "grammar_tables.h"

${packed.map(declare).join("\n")}
const struct PackedGrammar codehelper_packed_grammars[] = {
${rows.join("\n")}
};
const size_t codehelper_packed_grammar_count = ${packed.length};
`,
);
