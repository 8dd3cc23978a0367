#include "index_database.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "codehelper/base/text.hpp"
#include "packed_text.hpp"

namespace codehelper {
namespace {

constexpr std::int64_t kApplicationId = 0x63686978;  // "chix"
constexpr std::int64_t kSchemaVersion = 5;           // also of the words, weights and vectors in `features`

constexpr const char* kSchema = R"sql(
CREATE TABLE state(
  only INTEGER PRIMARY KEY CHECK(only = 1), revision INTEGER NOT NULL, marked INTEGER NOT NULL,
  state TEXT, cause TEXT, project_path TEXT, embedder TEXT, dimension INTEGER,
  files INTEGER, chunks INTEGER, skipped INTEGER, finished_at TEXT);
INSERT INTO state(only, revision, marked) VALUES(1, 0, 0);
CREATE TABLE files(
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,
  size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
  chunks INTEGER NOT NULL);
CREATE TABLE chunks(
  id INTEGER PRIMARY KEY AUTOINCREMENT, file_id INTEGER NOT NULL, language TEXT NOT NULL, symbol TEXT NOT NULL,
  start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, definitions TEXT NOT NULL,
  text_id INTEGER NOT NULL, text_offset INTEGER NOT NULL, text_bytes INTEGER NOT NULL);
CREATE INDEX chunks_of_file ON chunks(file_id);
CREATE TABLE texts(id INTEGER PRIMARY KEY, size_bytes INTEGER NOT NULL, text BLOB NOT NULL);
CREATE TABLE symbols(
  file_id INTEGER PRIMARY KEY, defined BLOB NOT NULL, referred BLOB NOT NULL, definitions BLOB NOT NULL,
  lines BLOB NOT NULL);
CREATE TABLE features(
  chunk_id INTEGER PRIMARY KEY, file_id INTEGER NOT NULL, start_line INTEGER NOT NULL,
  vector_key INTEGER NOT NULL, terms BLOB NOT NULL, vector BLOB NOT NULL);
CREATE INDEX features_of_key ON features(vector_key);
CREATE TABLE spare_vectors(age INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL UNIQUE, vector BLOB NOT NULL);
PRAGMA application_id = 1667787128;
PRAGMA user_version = 5;
)sql";
static_assert(kApplicationId == 1667787128 && kSchemaVersion == 5, "as in kSchema");

constexpr const char* kDropOlderSchema = R"sql(
DROP TABLE IF EXISTS state;
DROP TABLE IF EXISTS files;
DROP TABLE IF EXISTS chunks;
DROP TABLE IF EXISTS features;
DROP TABLE IF EXISTS texts;
DROP TABLE IF EXISTS symbols;
DROP TABLE IF EXISTS spare_vectors;
)sql";

// A search reads rows from some 200 pages all over the index: with the 2 MiB of old each was copied from the kernel.
constexpr const char* kConnectionSettings =
    "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;";

std::optional<IndexState> parse_index_state(std::string_view text) {
  for (const IndexState state : {IndexState::indexing, IndexState::ready, IndexState::failed}) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

/// True when the index's tables are there, false when the file is still empty or of an older version.
Result<bool> check_schema(SqliteDatabase& database) {
  // One transaction: another process may be making the tables between two reads.
  auto transaction = SqliteTransaction::begin(database, "BEGIN");
  if (!transaction) return std::unexpected(transaction.error());
  auto version = database.select_integer("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  auto application = database.select_integer("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  if (*version == 0 && *application == 0) {
    auto tables = database.select_integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return std::unexpected(tables.error());
    if (*tables == 0) return false;
  }
  if (*application != kApplicationId) return fail_as_damaged(database.file(), "it is no codehelper index");
  if (*version < kSchemaVersion) return false;
  if (*version != kSchemaVersion) {
    const auto detail =
        fmt::format("its format is version {}, this program reads version {}", *version, kSchemaVersion);
    return fail_as_damaged(database.file(), detail);
  }
  return true;
}

/// Columns as in load_chunks().
Chunk read_chunk(const SqliteStatement& row) {
  Chunk chunk;
  chunk.path = row.text(0);
  chunk.language = row.text(1);
  chunk.symbol = row.text(2);
  chunk.start_line = static_cast<int>(row.integer(3));
  chunk.end_line = static_cast<int>(row.integer(4));
  const auto definitions = split_lines(row.bytes(5));
  chunk.definitions.assign(definitions.begin(), definitions.end());
  return chunk;
}

}  // namespace

Result<IndexDatabase> IndexDatabase::create(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    return fail(ErrorCode::unavailable, fmt::format("can't make the folder {} ({}): make its parent writable, or set "
                                                    "CODEHELPER_DATA_DIR",
                                                    file.parent_path().string(), error.message()));
  }
  auto database = SqliteDatabase::open(file, SqliteDatabase::Access::create);
  if (!database) return std::unexpected(database.error());
  auto is_made = check_schema(*database);
  if (!is_made) return std::unexpected(is_made.error());
  auto set = database->execute(kConnectionSettings);
  // Rows of texts and words are about as large as an ordinary page, so large ones leave less of themselves empty.
  if (set && !*is_made) set = database->execute("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL");
  if (!set) return std::unexpected(set.error());
  if (*is_made) return IndexDatabase(std::move(*database));

  auto transaction = SqliteTransaction::begin(*database, "BEGIN IMMEDIATE");
  if (!transaction) return std::unexpected(transaction.error());
  auto made = database->execute(kDropOlderSchema);
  if (made) made = database->execute(kSchema);
  if (made) made = transaction->commit();
  if (!made) return std::unexpected(made.error());
  return IndexDatabase(std::move(*database));
}

Result<std::optional<IndexDatabase>> IndexDatabase::open_existing(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && (!error || error == std::errc::not_a_directory)) return std::nullopt;
  auto database = SqliteDatabase::open(file, SqliteDatabase::Access::read_existing);
  if (!database) return std::unexpected(database.error());
  auto is_made = check_schema(*database);
  if (!is_made) return std::unexpected(is_made.error());
  if (!*is_made) return std::nullopt;
  auto set = database->execute(kConnectionSettings);
  if (!set) return std::unexpected(set.error());
  return IndexDatabase(std::move(*database));
}

Result<std::optional<IndexMarker>> IndexDatabase::load_marker() {
  auto row = database_.prepare(
      "SELECT state, cause, project_path, embedder, dimension, files, chunks, skipped, finished_at FROM state "
      "WHERE marked = 1");
  if (!row) return std::unexpected(row.error());
  auto found = row->step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  const auto state = parse_index_state(row->bytes(0));
  if (!state) return fail_as_damaged(file(), "its state is unknown");
  IndexMarker marker;
  marker.state = *state;
  marker.cause = row->text(1);
  marker.project_path = row->text(2);
  marker.embedder = row->text(3);
  marker.dimension = static_cast<std::uint64_t>(row->integer(4));
  marker.files = static_cast<std::uint64_t>(row->integer(5));
  marker.chunks = static_cast<std::uint64_t>(row->integer(6));
  marker.skipped = static_cast<std::uint64_t>(row->integer(7));
  marker.finished_at = row->text(8);
  return marker;
}

Result<std::vector<IndexedFile>> IndexDatabase::list_files() {
  auto row =
      database_.prepare("SELECT path, hash, size_bytes, modified_ns, chunks, changed_ns FROM files ORDER BY path");
  if (!row) return std::unexpected(row.error());
  std::vector<IndexedFile> files;
  auto more = row->step();
  for (; more && *more; more = row->step()) {
    files.push_back({row->text(0), row->text(1), static_cast<std::uint64_t>(row->integer(2)), row->integer(3),
                     static_cast<std::uint64_t>(row->integer(4)), row->integer(5)});
  }
  if (!more) return std::unexpected(more.error());
  return files;
}

Result<void> IndexDatabase::check_pages() {
  auto row = database_.prepare("PRAGMA quick_check(1)");
  if (!row) return std::unexpected(row.error());
  auto found = row->step();
  if (!found) return std::unexpected(found.error());
  if (row->bytes(0) != "ok") return fail_as_damaged(file(), row->bytes(0));
  return {};
}

Result<void> IndexDatabase::visit_files(const std::function<void(std::int64_t, std::string_view)>& visit) {
  auto row = database_.prepare("SELECT id, path FROM files WHERE chunks > 0");
  if (!row) return std::unexpected(row.error());
  auto more = row->step();
  for (; more && *more; more = row->step()) visit(row->integer(0), row->bytes(1));
  if (!more) return std::unexpected(more.error());
  return {};
}

Result<std::vector<std::int64_t>> IndexDatabase::chunk_ids() {
  auto row = database_.prepare("SELECT id FROM chunks INDEXED BY chunks_of_file");
  if (!row) return std::unexpected(row.error());
  std::vector<std::int64_t> ids;
  auto more = row->step();
  for (; more && *more; more = row->step()) ids.push_back(row->integer(0));
  if (!more) return std::unexpected(more.error());
  std::ranges::sort(ids);
  return ids;
}

Result<void> IndexDatabase::visit_features(std::int64_t after, const std::function<bool(const FeatureRow&)>& visit) {
  auto row = database_.prepare(
      "SELECT chunk_id, file_id, start_line, terms, vector FROM features WHERE chunk_id > ? ORDER BY chunk_id");
  if (!row) return std::unexpected(row.error());
  row->bind(1, after);
  auto more = row->step();
  for (; more && *more; more = row->step()) {
    const FeatureRow feature{row->integer(0), row->integer(1), static_cast<int>(row->integer(2)), row->bytes(3),
                             row->bytes(4)};
    if (!visit(feature)) return fail_as_damaged(file(), fmt::format("chunk {} is damaged", feature.chunk_id));
  }
  if (!more) return std::unexpected(more.error());
  return {};
}

Result<std::string_view> IndexDatabase::load_text(std::int64_t id, LoadedTexts& loaded) {
  if (const auto known = loaded.find(id); known != loaded.end()) return known->second;
  auto row = database_.prepare("SELECT size_bytes, text FROM texts WHERE id = ?");
  if (!row) return std::unexpected(row.error());
  auto found = row->bind(1, id).step();
  if (!found) return std::unexpected(found.error());
  auto text = *found ? unpack_text(row->bytes(1), static_cast<std::size_t>(row->integer(0))) : std::nullopt;
  if (!text) return fail_as_damaged(file(), fmt::format("text {} is damaged", id));
  return loaded.emplace(id, std::move(*text)).first->second;
}

Result<ChunksById> IndexDatabase::load_chunks(const std::vector<std::int64_t>& ids) {
  auto row = database_.prepare(
      "SELECT path, language, symbol, start_line, end_line, definitions "
      "FROM chunks JOIN files ON files.id = file_id WHERE chunks.id = ?");
  if (!row) return std::unexpected(row.error());
  ChunksById chunks;
  for (const std::int64_t id : ids) {
    auto found = row->bind(1, id).step();
    if (!found) return std::unexpected(found.error());
    if (*found) chunks.emplace(id, read_chunk(*row));
    row->reset();
  }
  return chunks;
}

Result<void> IndexDatabase::add_texts(const std::vector<std::int64_t>& ids, ChunksById& chunks) {
  auto row = database_.prepare("SELECT text_id, text_offset, text_bytes FROM chunks WHERE id = ?");
  if (!row) return std::unexpected(row.error());
  LoadedTexts loaded;
  for (const std::int64_t id : ids) {
    const auto chunk = chunks.find(id);
    if (chunk == chunks.end()) continue;
    auto found = row->bind(1, id).step();
    if (!found) return std::unexpected(found.error());
    if (!*found) return fail_as_damaged(file(), fmt::format("chunk {} is missing", id));
    const auto offset = static_cast<std::size_t>(row->integer(1));
    const auto bytes = static_cast<std::size_t>(row->integer(2));
    auto text = load_text(row->integer(0), loaded);
    if (!text) return std::unexpected(text.error());
    if (offset > text->size() || bytes > text->size() - offset) {
      return fail_as_damaged(file(), fmt::format("the text of chunk {} is damaged", id));
    }
    chunk->second.text = text->substr(offset, bytes);
    row->reset();
  }
  return {};
}

}  // namespace codehelper
