// Where a name is declared and used. A seam: the embedded store keeps what the grammars found in each file; over any
// other store it is found again in the texts that the store gives for the name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper {

struct SymbolQuery {
  std::string name;        // "run", "Widget::run", "Widget.run", "mod.Widget#run"
  std::size_t limit = 50;  // of the definitions, and of the references
};

struct FoundDefinition {
  std::string path;
  SymbolDefinition definition;
  std::string signature;  // its line, without the blanks around
};

struct FoundReference {
  std::string path;
  int line = 1;
  std::string text;  // the line, without its line feed
};

/// Definitions whose symbol is the name, or ends with its parts, in the same letters; only when there is none, in any
/// letters. The whole symbol comes first, and what has a body before what only announces. References are uses of the
/// last part of the name as it is written in the definitions, whatever they belong to; by path and line.
struct SymbolHits {
  std::vector<FoundDefinition> definitions;
  std::vector<FoundReference> references;
  std::uint64_t definition_count = 0;  // of all, beyond the limit too
  std::uint64_t reference_count = 0;
  bool is_complete = true;  // false: there may be more than was counted
};

class SymbolIndex {
 public:
  virtual ~SymbolIndex() = default;

  /// Errors: invalid_input for a name without a letter or digit, not_found when there is no index, and those of the
  /// store.
  virtual Task<Result<SymbolHits>> find_symbol(RequestContext context, Project project, SymbolQuery query) = 0;
};

/// Over the indexes that open_embedded_store() writes in `data_dir`. `loop` outlives it.
std::unique_ptr<SymbolIndex> open_embedded_symbols(EventLoop& loop, std::filesystem::path data_dir);

/// Over any store, by what its queries give: nothing has to be kept for it, but of a name in very many chunks only the
/// best ones are looked into. For Chroma, whose records have room for a few names only. `loop` and `store` outlive it.
std::unique_ptr<SymbolIndex> make_derived_symbols(EventLoop& loop, VectorStore& store);

}  // namespace codehelper
