#include <algorithm>
#include <map>
#include <set>

#include "codehelper/base/text.hpp"
#include "codehelper/index/chunker.hpp"
#include "codehelper/index/symbol_index.hpp"
#include "codehelper/index/text_analysis.hpp"
#include "symbol_search.hpp"

namespace codehelper {

namespace {

/// As many as a store answers in one go, and as take a tenth of a second to parse.
constexpr std::size_t kMaxChunks = 300;

std::string line_of(const Chunk& chunk, int line) {
  auto text = select_lines(chunk.text, line - chunk.start_line + 1, line - chunk.start_line + 1);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return std::string(text);
}

struct Outlined {
  Chunk chunk;
  FileSymbols symbols;  // with the lines of the file
};

/// A chunk is parsed by itself: what surrounds it is known from its symbol.
Outlined outline_chunk(Chunk chunk) {
  auto symbols = outline_file(chunk.path, chunk.text).symbols;
  const int offset = chunk.start_line - 1;
  for (auto& definition : symbols.definitions) {
    definition.line += offset;
    definition.end_line += offset;
    if (is_named(chunk.symbol, definition.symbol)) definition.symbol = chunk.symbol;
  }
  for (auto& references : symbols.references) {
    for (int& line : references.lines) line += offset;
  }
  return {std::move(chunk), std::move(symbols)};
}

void take_definitions(const Outlined& outlined, std::string_view lower_name, SymbolHits& hits) {
  for (const auto& definition : outlined.symbols.definitions) {
    if (to_lower_ascii(definition.name) != lower_name) continue;
    auto signature = line_of(outlined.chunk, definition.line);
    signature.erase(0, std::min(signature.find_first_not_of(" \t"), signature.size()));
    hits.definitions.push_back({outlined.chunk.path, definition, std::move(signature)});
  }
}

void take_references(const Outlined& outlined, const std::set<std::string>& names, SymbolHits& hits) {
  std::set<int> lines;
  for (const auto& references : outlined.symbols.references) {
    if (names.contains(references.name)) lines.insert(references.lines.begin(), references.lines.end());
  }
  for (const int line : lines) hits.references.push_back({outlined.chunk.path, line, line_of(outlined.chunk, line)});
}

SymbolHits find_in(ChunkHits found, const SymbolQuery& query, const std::string& plain_name) {
  std::map<std::int64_t, Chunk> chunks;
  for (auto* leg : {&found.definitions, &found.lexical}) {
    for (auto& entry : *leg) chunks.emplace(entry.id, std::move(entry.chunk));
  }
  SymbolHits hits;
  hits.is_complete = !found.is_warming && found.definitions.size() < kMaxChunks && found.lexical.size() < kMaxChunks;
  std::vector<Outlined> outlined;
  outlined.reserve(chunks.size());
  const auto lower = to_lower_ascii(plain_name);
  for (auto& [id, chunk] : chunks) {
    if (!to_lower_ascii(chunk.text).contains(lower)) continue;
    outlined.push_back(outline_chunk(std::move(chunk)));
    take_definitions(outlined.back(), lower, hits);
  }
  keep_meant(hits.definitions, query.name);
  const auto names = spellings(hits.definitions, plain_name);
  for (const auto& one : outlined) take_references(one, names, hits);
  std::ranges::sort(hits.references, [](const FoundReference& left, const FoundReference& right) {
    return std::tie(left.path, left.line) < std::tie(right.path, right.line);
  });
  hits.definition_count = hits.definitions.size();
  hits.reference_count = hits.references.size();
  hits.definitions.resize(std::min(hits.definitions.size(), query.limit));
  hits.references.resize(std::min(hits.references.size(), query.limit));
  return hits;
}

class DerivedSymbols final : public SymbolIndex {
 public:
  DerivedSymbols(EventLoop& loop, VectorStore& store) : loop_(loop), store_(store) {}

  Task<Result<SymbolHits>> find_symbol(RequestContext context, Project project, SymbolQuery query) override {
    auto plain_name = plain_symbol_name(query.name);
    if (!plain_name) co_return std::unexpected(plain_name.error());
    ChunkQuery asked;
    for (auto& word : analyze_text(*plain_name)) asked.terms.push_back({std::move(word), 1});
    asked.definition = *plain_name;
    asked.limit = kMaxChunks;
    asked.learned_limit = 0;
    auto found = co_await store_.query(context, std::move(project), std::move(asked));
    if (!found) co_return std::unexpected(found.error());
    auto work = [found = std::move(*found), query = std::move(query), name = std::move(*plain_name)]() mutable {
      return find_in(std::move(found), query, name);
    };
    co_return co_await loop_.run_blocking(std::move(work));
  }

 private:
  EventLoop& loop_;
  VectorStore& store_;
};

}  // namespace

std::unique_ptr<SymbolIndex> make_derived_symbols(EventLoop& loop, VectorStore& store) {
  return std::make_unique<DerivedSymbols>(loop, store);
}

}  // namespace codehelper
