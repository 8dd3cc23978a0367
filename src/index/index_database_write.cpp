// The writing half of IndexDatabase.
#include "index_database.hpp"

#include <fmt/format.h>

#include "packed_text.hpp"
#include "term_vector.hpp"

namespace codehelper {
namespace {

/// Free pages are used again by later passes; so much of them stays at most.
constexpr double kFreeShare = 0.25;
constexpr std::uint64_t kWorthCopying = std::uint64_t{4} << 20;

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

struct ChunkStatements {
  SqliteStatement chunk;
  SqliteStatement features;
};

Result<void> write_chunk(SqliteDatabase& database, ChunkStatements& statements, std::int64_t file_id,
                         const Chunk& chunk, const Embedding& embedding) {
  auto written = statements.chunk.bind(1, file_id)
                     .bind(2, chunk.language)
                     .bind(3, chunk.symbol)
                     .bind(4, std::int64_t{chunk.start_line})
                     .bind(5, std::int64_t{chunk.end_line})
                     .bind(6, join_lines(chunk.definitions))
                     .bind(7, static_cast<std::int64_t>(chunk.text.size()))
                     .bind_blob(8, pack_text(chunk.text))
                     .run();
  if (!written) return written;
  return statements.features.bind(1, database.last_insert_id())
      .bind(2, file_id)
      .bind(3, std::int64_t{chunk.start_line})
      .bind_blob(4, encode_terms(count_terms(chunk)))
      .bind_blob(5, encode_vector(embedding))
      .run();
}

}  // namespace

Result<void> IndexDatabase::remove_chunks_of(std::string_view path) {
  for (const std::string_view sql : {"DELETE FROM features WHERE chunk_id IN (SELECT c.id FROM chunks c JOIN files f "
                                     "ON f.id = c.file_id WHERE path = ?)",
                                     "DELETE FROM chunks WHERE file_id = (SELECT id FROM files WHERE path = ?)"}) {
    auto statement = database_.prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    auto removed = statement->bind(1, path).run();
    if (!removed) return removed;
  }
  return {};
}

Result<std::int64_t> IndexDatabase::write_file(const IndexedFile& file, std::size_t chunks) {
  auto statement = database_.prepare(
      "INSERT INTO files(path, hash, size_bytes, modified_ns, chunks, changed_ns) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
      "ON CONFLICT(path) DO UPDATE SET hash = ?2, size_bytes = ?3, modified_ns = ?4, chunks = ?5, changed_ns = ?6 "
      "RETURNING id");
  if (!statement) return std::unexpected(statement.error());
  auto row = statement->bind(1, file.path)
                 .bind(2, file.hash)
                 .bind(3, static_cast<std::int64_t>(file.size_bytes))
                 .bind(4, file.modified_ns)
                 .bind(5, static_cast<std::int64_t>(chunks))
                 .bind(6, file.changed_ns)
                 .step();
  if (!row) return std::unexpected(row.error());
  const std::int64_t id = statement->integer(0);
  auto ended = statement->run();
  if (!ended) return std::unexpected(ended.error());
  return id;
}

Result<void> IndexDatabase::write_files(const std::vector<FileChunks>& files) {
  auto chunk = database_.prepare(
      "INSERT INTO chunks(file_id, language, symbol, start_line, end_line, definitions, text_bytes, text) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  if (!chunk) return std::unexpected(chunk.error());
  auto features =
      database_.prepare("INSERT INTO features(chunk_id, file_id, start_line, terms, vector) VALUES(?, ?, ?, ?, ?)");
  if (!features) return std::unexpected(features.error());
  ChunkStatements statements{std::move(*chunk), std::move(*features)};
  for (const FileChunks& entry : files) {
    auto removed = remove_chunks_of(entry.file.path);
    if (!removed) return removed;
    auto id = write_file(entry.file, entry.chunks.size());
    if (!id) return std::unexpected(id.error());
    for (std::size_t i = 0; i < entry.chunks.size(); ++i) {
      auto written = write_chunk(database_, statements, *id, entry.chunks[i], entry.embeddings[i]);
      if (!written) return written;
    }
  }
  return {};
}

Result<void> IndexDatabase::touch(const std::vector<IndexedFile>& files) {
  auto statement =
      database_.prepare("UPDATE files SET size_bytes = ?2, modified_ns = ?3, changed_ns = ?4 WHERE path = ?1");
  if (!statement) return std::unexpected(statement.error());
  for (const IndexedFile& file : files) {
    auto updated = statement->bind(1, file.path)
                       .bind(2, static_cast<std::int64_t>(file.size_bytes))
                       .bind(3, file.modified_ns)
                       .bind(4, file.changed_ns)
                       .run();
    if (!updated) return updated;
  }
  return {};
}

Result<void> IndexDatabase::write_marker(const IndexMarker& marker) {
  auto statement = database_.prepare(
      "UPDATE state SET marked = 1, state = ?, cause = ?, project_path = ?, embedder = ?, dimension = ?, files = ?, "
      "chunks = ?, skipped = ?, finished_at = ?");
  if (!statement) return std::unexpected(statement.error());
  return statement->bind(1, to_string(marker.state))
      .bind(2, marker.cause)
      .bind(3, marker.project_path)
      .bind(4, marker.embedder)
      .bind(5, static_cast<std::int64_t>(marker.dimension))
      .bind(6, static_cast<std::int64_t>(marker.files))
      .bind(7, static_cast<std::int64_t>(marker.chunks))
      .bind(8, static_cast<std::int64_t>(marker.skipped))
      .bind(9, marker.finished_at)
      .run();
}

Result<void> IndexDatabase::apply(const IndexBatch& batch) {
  for (const FileChunks& entry : batch.files) {
    if (entry.chunks.size() != entry.embeddings.size()) {
      return fail(ErrorCode::internal, fmt::format("{} has {} chunks and {} vectors", entry.file.path,
                                                   entry.chunks.size(), entry.embeddings.size()));
    }
  }
  auto transaction = SqliteTransaction::begin(database_, "BEGIN IMMEDIATE");
  if (!transaction) return std::unexpected(transaction.error());
  for (const std::string& path : batch.removed_paths) {
    auto removed = remove_chunks_of(path);
    if (!removed) return removed;
    auto statement = database_.prepare("DELETE FROM files WHERE path = ?");
    if (!statement) return std::unexpected(statement.error());
    removed = statement->bind(1, path).run();
    if (!removed) return removed;
  }
  auto written = write_files(batch.files);
  if (written) written = touch(batch.touched);
  if (written && batch.marker) written = write_marker(*batch.marker);
  if (written && !(batch.removed_paths.empty() && batch.files.empty())) {
    written = database_.execute("UPDATE state SET revision = revision + 1");
  }
  if (!written) return written;
  return transaction->commit();
}

Result<std::uint64_t> IndexDatabase::free_bytes() {
  auto pages = database_.select_integer("PRAGMA freelist_count");
  if (!pages) return std::unexpected(pages.error());
  auto size = database_.select_integer("PRAGMA page_size");
  if (!size) return std::unexpected(size.error());
  return static_cast<std::uint64_t>(*pages) * static_cast<std::uint64_t>(*size);
}

Result<void> IndexDatabase::compact() {
  auto free = free_bytes();
  if (!free) return std::unexpected(free.error());
  std::error_code error;
  const std::uint64_t all = std::filesystem::file_size(file(), error);
  const bool is_much =
      !error && *free >= kWorthCopying && *free >= static_cast<std::uint64_t>(kFreeShare * static_cast<double>(all));
  if (is_much) {
    auto copied = database_.execute("VACUUM");
    if (!copied) return copied;
  }
  const auto log_bytes = std::filesystem::file_size(file().string() + "-wal", error);
  if (error || log_bytes < kWorthCopying) return {};
  return database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace codehelper
