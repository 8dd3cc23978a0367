// What a file declares and where it uses names: by the language's grammar, so that a word in a comment or a string is
// no use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

struct SymbolDefinition {
  std::string name;    // plain: "start"
  std::string symbol;  // with its scope, as a Chunk's: "HttpServer::start"
  std::string kind;    // "class", "function", "method", "constant", …
  int line = 1;        // of the name; 1-based
  int end_line = 1;    // of the declaration, inclusive

  bool operator==(const SymbolDefinition&) const = default;
};

struct SymbolReferences {
  std::string name;        // as written
  std::vector<int> lines;  // ascending, each once; without the lines that define it

  bool operator==(const SymbolReferences&) const = default;
};

struct FileSymbols {
  std::vector<SymbolDefinition> definitions;  // in the order of the file
  std::vector<SymbolReferences> references;   // by name, ascending

  bool operator==(const FileSymbols&) const = default;
};

/// "Widget::run", "Widget.run", "Widget#run" and "mod::Widget::run" give their parts, the innermost last.
std::vector<std::string_view> split_symbol(std::string_view symbol);

/// Whether `symbol` is what `name` speaks of: the same parts, or more of them before. Letter case counts.
bool is_named(std::string_view symbol, std::string_view name);

}  // namespace codehelper
