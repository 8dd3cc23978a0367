// The parse tables of the grammars as the program has them: deflated, beside the empty memory where the parsers expect
// them.
#pragma once

#include <stddef.h>
#include <tree_sitter/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct GrammarTable {
  unsigned char* place;
  size_t size_bytes;
};

struct PackedGrammar {
  const TSLanguage* (*language)(void);
  const unsigned char* packed;
  const unsigned char* packed_end;
  const struct GrammarTable* tables;  // in the order in which they were packed
  size_t table_count;
};

extern const struct PackedGrammar codehelper_packed_grammars[];
extern const size_t codehelper_packed_grammar_count;

#ifdef __cplusplus
}
#endif
