// The half of IndexDatabase that looks up names and vectors.
#include <fmt/format.h>

#include <algorithm>

#include "codehelper/base/text.hpp"
#include "index_database.hpp"
#include "symbol_codec.hpp"
#include "term_vector.hpp"

namespace codehelper {

namespace {

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<void> IndexDatabase::visit_symbols(const SymbolHashes& hashes,
                                          const std::function<bool(const SymbolRow&)>& visit) {
  auto row = database_.prepare("SELECT file_id, defined, referred FROM symbols");
  if (!row) return std::unexpected(row.error());
  auto rest = database_.prepare(
      "SELECT path, definitions, lines FROM symbols JOIN files ON files.id = file_id WHERE file_id = ?");
  if (!rest) return std::unexpected(rest.error());
  auto more = row->step();
  for (; more && *more; more = row->step()) {
    SymbolRow found{row->integer(0), {}, row->bytes(1), row->bytes(2), {}, {}};
    const bool has_name =
        find_hash(found.defined, hashes.defined) ||
        std::ranges::any_of(hashes.referred, [&](auto hash) { return find_hash(found.referred, hash).has_value(); });
    if (!has_name) continue;
    auto loaded = rest->bind(1, found.file_id).step();
    if (!loaded) return std::unexpected(loaded.error());
    if (!*loaded) return fail_as_damaged(file(), fmt::format("file {} is missing", found.file_id));
    found.path = rest->bytes(0);
    found.definitions = rest->bytes(1);
    found.lines = rest->bytes(2);
    if (!visit(found)) return fail_as_damaged(file(), fmt::format("the symbols of file {} are damaged", found.file_id));
    rest->reset();
  }
  if (!more) return std::unexpected(more.error());
  return {};
}

Result<std::vector<std::string>> IndexDatabase::load_lines(std::int64_t file_id, const std::vector<int>& lines) {
  auto row = database_.prepare(
      "SELECT start_line, end_line, text_id, text_offset, text_bytes FROM chunks WHERE file_id = ? ORDER BY id");
  if (!row) return std::unexpected(row.error());
  std::vector<std::string> found(lines.size());
  LoadedTexts loaded;
  auto more = row->bind(1, file_id).step();
  for (; more && *more; more = row->step()) {
    const auto first = static_cast<int>(row->integer(0));
    const auto last = static_cast<int>(row->integer(1));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i] < first || lines[i] > last) continue;
      auto text = load_text(row->integer(2), loaded);
      if (!text) return std::unexpected(text.error());
      const auto begin = std::min(static_cast<std::size_t>(row->integer(3)), text->size());
      const auto chunk = text->substr(begin, static_cast<std::size_t>(row->integer(4)));
      found[i] = without_line_end(select_lines(chunk, lines[i] - first + 1, lines[i] - first + 1));
    }
  }
  if (!more) return std::unexpected(more.error());
  return found;
}

Result<Embedding> IndexDatabase::find_vector(std::int64_t key) {
  for (const std::string_view sql :
       {"SELECT vector FROM features WHERE vector_key = ? LIMIT 1", "SELECT vector FROM spare_vectors WHERE key = ?"}) {
    auto row = database_.prepare(sql);
    if (!row) return std::unexpected(row.error());
    auto found = row->bind(1, key).step();
    if (!found) return std::unexpected(found.error());
    if (*found) return decode_vector(row->bytes(0));
  }
  return Embedding{};
}

}  // namespace codehelper
