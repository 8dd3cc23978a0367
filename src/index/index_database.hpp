// The tables of an embedded index and what is done with them; one file a project. Text is stored once, compressed.
//   state    one row: revision (counts content changes) and the marker
//   files    path, blob id, size, mtime, ctime, number of chunks
//   chunks   lines, names and text of a chunk; ids are never used twice, and ascend within a file
//   features what a chunk is found by (term_vector.hpp), apart from the text so that it loads in one pass
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "codehelper/index/vector_store.hpp"
#include "sqlite.hpp"

namespace codehelper {

struct FeatureRow {
  std::int64_t chunk_id = 0;
  std::int64_t file_id = 0;
  int start_line = 1;
  std::string_view terms;  // valid during the visit
  std::string_view vector;
};

class IndexDatabase {
 public:
  /// Errors of all: unavailable, as in sqlite.hpp.
  /// Makes the tables where there are none, or only those of an older version.
  static Result<IndexDatabase> create(const std::filesystem::path& file);
  /// Nothing when there is no file, or no index of this version in it yet.
  static Result<std::optional<IndexDatabase>> open_existing(const std::filesystem::path& file);

  Result<std::optional<IndexMarker>> load_marker();
  Result<std::vector<IndexedFile>> list_files();
  /// Reads every page: 0.1 s for 100 MB. Errors: unavailable, and what is damaged.
  Result<void> check_pages();
  Result<void> apply(const IndexBatch& batch);
  /// Bytes of the file that deleted rows left unused.
  Result<std::uint64_t> free_bytes();
  /// Gives the disk back what deleted rows left, when that is much, and the space of a large log. Worth a call after each
  /// pass. Errors: unavailable when there is no room to copy the file, or others hold it; it is whole then too.
  Result<void> compact();

  /// The methods below belong in one read transaction, so that they see one state.
  Result<SqliteTransaction> begin_reading() { return SqliteTransaction::begin(database_, "BEGIN"); }
  Result<std::int64_t> revision() { return database_.select_integer("SELECT revision FROM state"); }
  Result<void> visit_files(const std::function<void(std::int64_t id, std::string_view path)>& visit);
  /// Ascending.
  Result<std::vector<std::int64_t>> chunk_ids();
  /// The features of chunks with larger ids than `after`, ascending; `visit` says false when a row is damaged.
  Result<void> visit_features(std::int64_t after, const std::function<bool(const FeatureRow&)>& visit);
  /// In the order of `ids`.
  Result<std::vector<Chunk>> load_chunks(const std::vector<std::int64_t>& ids);

  const std::filesystem::path& file() const { return database_.file(); }

 private:
  explicit IndexDatabase(SqliteDatabase database) : database_(std::move(database)) {}

  Result<void> remove_chunks_of(std::string_view path);
  Result<std::int64_t> write_file(const IndexedFile& file, std::size_t chunks);
  Result<void> write_files(const std::vector<FileChunks>& files);
  Result<void> touch(const std::vector<IndexedFile>& files);
  Result<void> write_marker(const IndexMarker& marker);

  SqliteDatabase database_;
};

}  // namespace codehelper
