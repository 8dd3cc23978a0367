#include <algorithm>
#include <map>

#include "codehelper/base/text.hpp"
#include "codehelper/index/symbol_index.hpp"
#include "index_database.hpp"
#include "symbol_codec.hpp"
#include "symbol_search.hpp"

namespace codehelper {

namespace {

std::string_view strip(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return line;
}

/// One question, in one read transaction.
class Search {
 public:
  Search(IndexDatabase& database, const SymbolQuery& query, std::string plain_name)
      : database_(database), query_(query), plain_name_(std::move(plain_name)) {}

  Result<SymbolHits> run() {
    auto transaction = database_.begin_reading();
    if (!transaction) return std::unexpected(transaction.error());
    auto done = find_definitions();
    if (done) done = find_references();
    if (!done) return std::unexpected(done.error());
    return std::move(hits_);
  }

 private:
  Result<void> find_definitions() {
    const auto lower = to_lower_ascii(plain_name_);
    const auto take = [&](const SymbolRow& row) {
      auto definitions = unpack_definitions(row.definitions);
      if (!definitions) return false;
      for (auto& definition : *definitions) {
        if (to_lower_ascii(definition.name) != lower) continue;
        file_ids_[std::string(row.path)] = row.file_id;
        hits_.definitions.push_back({std::string(row.path), std::move(definition), ""});
      }
      return true;
    };
    auto visited = database_.visit_symbols({.defined = hash_name(lower), .referred = {}}, take);
    if (!visited) return visited;
    keep_meant(hits_.definitions, query_.name);
    names_ = spellings(hits_.definitions, plain_name_);
    hits_.definition_count = hits_.definitions.size();
    hits_.definitions.resize(std::min(hits_.definitions.size(), query_.limit));
    for (auto& found : hits_.definitions) {
      auto lines = database_.load_lines(file_ids_[found.path], {found.definition.line});
      if (!lines) return std::unexpected(lines.error());
      found.signature = strip(lines->front());
    }
    return {};
  }

  Result<void> find_references() {
    SymbolHashes hashes;
    for (const auto& name : names_) hashes.referred.push_back(hash_name(name));
    std::map<std::string, std::pair<std::int64_t, std::vector<int>>> by_path;
    const auto take = [&](const SymbolRow& row) {
      for (const auto hash : hashes.referred) {
        const auto place = find_hash(row.referred, hash);
        if (!place) continue;
        const auto lines = unpack_lines(row.lines, *place);
        if (!lines) return false;
        auto& [id, all] = by_path[std::string(row.path)];
        id = row.file_id;
        all.insert(all.end(), lines->begin(), lines->end());
      }
      return true;
    };
    auto visited = database_.visit_symbols(hashes, take);
    if (!visited) return visited;
    for (auto& [path, found] : by_path) {
      auto& [id, lines] = found;
      std::ranges::sort(lines);
      lines.erase(std::ranges::unique(lines).begin(), lines.end());
      hits_.reference_count += lines.size();
      lines.resize(std::min(lines.size(), query_.limit - hits_.references.size()));
      if (lines.empty()) continue;
      auto texts = database_.load_lines(id, lines);
      if (!texts) return std::unexpected(texts.error());
      for (std::size_t i = 0; i < lines.size(); ++i) {
        hits_.references.push_back({path, lines[i], std::move((*texts)[i])});
      }
    }
    return {};
  }

  IndexDatabase& database_;
  const SymbolQuery& query_;
  std::string plain_name_;
  std::map<std::string, std::int64_t> file_ids_;  // of the definitions' files
  std::set<std::string> names_;
  SymbolHits hits_;
};

class EmbeddedSymbols final : public SymbolIndex {
 public:
  EmbeddedSymbols(EventLoop& loop, std::filesystem::path data_dir) : loop_(loop), data_dir_(std::move(data_dir)) {}

  Task<Result<SymbolHits>> find_symbol(RequestContext /*context*/, Project project, SymbolQuery query) override {
    auto work = [file = embedded_index_path(data_dir_, project), query = std::move(query)]() -> Result<SymbolHits> {
      auto plain_name = plain_symbol_name(query.name);
      if (!plain_name) return std::unexpected(plain_name.error());
      auto database = IndexDatabase::open_existing(file);
      if (!database) return std::unexpected(database.error());
      if (!*database) return fail(ErrorCode::not_found, "the project has no index: POST /project first");
      return Search(**database, query, std::move(*plain_name)).run();
    };
    co_return co_await loop_.run_blocking(std::move(work));
  }

 private:
  EventLoop& loop_;
  std::filesystem::path data_dir_;
};

}  // namespace

std::unique_ptr<SymbolIndex> open_embedded_symbols(EventLoop& loop, std::filesystem::path data_dir) {
  return std::make_unique<EmbeddedSymbols>(loop, std::move(data_dir));
}

}  // namespace codehelper
