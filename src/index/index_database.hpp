// The tables of an embedded index and what is done with them; one file a project. Text is stored once, compressed some
// neighbours together: that takes two thirds of the room that each alone would.
//   state    one row: revision (counts content changes) and the marker
//   files    path, blob id, size, mtime, ctime, number of chunks
//   chunks   lines and names of a chunk, and where its text is; ids are never used twice, and ascend within a file
//   texts    the text of neighbouring chunks of a file
//   features what a chunk is found by (term_vector.hpp), apart from the text so that it loads in one pass
//   symbols  what a file declares and refers to (symbol_codec.hpp)
//   spare_vectors  of chunks that are gone, the last ones: a branch that comes back needn't be embedded again
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/sqlite.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

struct FeatureRow {
  std::int64_t chunk_id = 0;
  std::int64_t file_id = 0;
  int start_line = 1;
  std::string_view terms;  // valid during the visit
  std::string_view vector;
};

struct SymbolHashes {
  std::uint32_t defined = 0;
  std::vector<std::uint32_t> referred;
};

/// One file's row of `symbols`; valid during the visit.
struct SymbolRow {
  std::int64_t file_id = 0;
  std::string_view path;
  std::string_view defined;
  std::string_view referred;
  std::string_view definitions;
  std::string_view lines;
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
  /// Gives the disk back what deleted rows left, when that is much, and the space of a large log. Worth a call after
  /// each pass. Errors: unavailable when there is no room to copy the file, or others hold it; it is whole then too.
  Result<void> compact();

  /// The methods below belong in one read transaction, so that they see one state.
  Result<SqliteTransaction> begin_reading() { return SqliteTransaction::begin(database_, "BEGIN"); }
  Result<std::int64_t> revision() { return database_.select_integer("SELECT revision FROM state"); }
  /// Those that have chunks.
  Result<void> visit_files(const std::function<void(std::int64_t id, std::string_view path)>& visit);
  /// Ascending.
  Result<std::vector<std::int64_t>> chunk_ids();
  /// The features of chunks with larger ids than `after`, ascending; `visit` says false when a row is damaged.
  Result<void> visit_features(std::int64_t after, const std::function<bool(const FeatureRow&)>& visit);
  /// Those that are there, without their text.
  Result<ChunksById> load_chunks(const std::vector<std::int64_t>& ids);
  /// The text of those of `ids` that are in `chunks`.
  Result<void> add_texts(const std::vector<std::int64_t>& ids, ChunksById& chunks);

  /// Only the rows that have one of the hashes (symbol_codec.hpp); `visit` says false when a row is damaged.
  Result<void> visit_symbols(const SymbolHashes& hashes, const std::function<bool(const SymbolRow&)>& visit);
  /// These lines of a file, each without its line feed; empty for a line that is in no chunk. `lines` are 1-based.
  Result<std::vector<std::string>> load_lines(std::int64_t file_id, const std::vector<int>& lines);
  /// The vector of a chunk that is or was here, by its key; empty when there is none.
  Result<Embedding> find_vector(std::int64_t key);

  const std::filesystem::path& file() const { return database_.file(); }

 private:
  explicit IndexDatabase(SqliteDatabase database) : database_(std::move(database)) {}

  using LoadedTexts = std::map<std::int64_t, std::string>;  // by id

  Result<std::string_view> load_text(std::int64_t id, LoadedTexts& loaded);
  Result<void> trim_spare_vectors();
  Result<void> drop_live_spare_vectors();
  Result<void> remove_chunks_of(std::string_view path);
  Result<bool> knows_file(std::string_view path);
  Result<std::int64_t> write_file(const IndexedFile& file, std::size_t chunks);
  Result<void> write_files(const std::vector<FileChunks>& files);
  Result<void> touch(const std::vector<IndexedFile>& files);
  Result<void> write_marker(const IndexMarker& marker);

  SqliteDatabase database_;
};

}  // namespace codehelper
