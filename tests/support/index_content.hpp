// All that an index of the embedded store says, without what depends on the order of its writes (row numbers, times).
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "codehelper/base/hash.hpp"
#include "codehelper/index/sqlite.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper::test {

using IndexContent = std::vector<std::string>;

/// One line for each row that `sql` selects, its columns side by side; the error's message when it can't.
inline IndexContent select_lines(const std::filesystem::path& file, std::string_view sql, int columns) {
  auto database = SqliteDatabase::open(file, SqliteDatabase::Access::read_existing);
  if (!database) return {database.error().message};
  auto row = database->prepare(sql);
  if (!row) return {row.error().message};
  IndexContent lines;
  auto more = row->step();
  for (; more && *more; more = row->step()) {
    std::string& line = lines.emplace_back();
    for (int column = 0; column < columns; ++column) line += row->text(column) + " | ";
  }
  if (!more) lines.push_back(more.error().message);
  return lines;
}

/// State, files, chunks with their text, words and vectors, symbols.
inline IndexContent load_index_content(const std::filesystem::path& file) {
  IndexContent content = select_lines(
      file, "SELECT state, cause, project_path, embedder, dimension, files, chunks, skipped FROM state", 8);
  const auto add = [&](const char* sql, int columns) {
    for (std::string& line : select_lines(file, sql, columns)) content.push_back(std::move(line));
  };
  add("SELECT path, hash, size_bytes, chunks FROM files ORDER BY path", 4);
  add("SELECT path, c.start_line, c.end_line, language, symbol, c.definitions, text_offset, text_bytes, hex(text), "
      "hex(terms), hex(vector) FROM chunks c JOIN files f ON f.id = c.file_id JOIN texts t ON t.id = text_id "
      "JOIN features ON chunk_id = c.id ORDER BY path, c.start_line",
      11);
  add("SELECT path, hex(defined), hex(referred), hex(definitions), hex(lines) FROM symbols JOIN files ON id = file_id "
      "ORDER BY path",
      5);
  add("SELECT (SELECT count(*) FROM texts), (SELECT count(*) FROM features), (SELECT count(*) FROM symbols)", 3);
  return content;
}

/// The first line that only one of them has, and whose; "" when they are the same.
inline std::string describe_difference(const IndexContent& found, const IndexContent& expected) {
  const auto [left, right] = std::ranges::mismatch(found, expected);
  if (left != found.end()) return "found " + left->substr(0, 100);
  return right == expected.end() ? "" : "missing " + right->substr(0, 100);
}

}  // namespace codehelper::test
