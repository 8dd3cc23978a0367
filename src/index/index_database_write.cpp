// The writing half of IndexDatabase.
#include "index_database.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "packed_text.hpp"
#include "symbol_codec.hpp"
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

/// Text is compressed in pieces of up to this much, of one file: 4 KiB more or less change the size by 5 %, but each
/// chunk that is read costs the unpacking of a whole piece.
constexpr std::size_t kPieceBytes = 8 * 1024;

/// Spare vectors: this many, or half as many as there are chunks.
constexpr std::int64_t kMinSpareVectors = 2'000;

class ChunkWriter {
 public:
  static Result<ChunkWriter> make(SqliteDatabase& database) {
    auto text = database.prepare("INSERT INTO texts(size_bytes, text) VALUES(?, ?)");
    auto chunk = database.prepare(
        "INSERT INTO chunks(file_id, language, symbol, start_line, end_line, definitions, text_id, text_offset, "
        "text_bytes) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto features = database.prepare(
        "INSERT INTO features(chunk_id, file_id, start_line, vector_key, terms, vector) VALUES(?, ?, ?, ?, ?, ?)");
    auto symbols =
        database.prepare("INSERT INTO symbols(file_id, defined, referred, definitions, lines) VALUES(?, ?, ?, ?, ?)");
    for (const auto* statement : {&text, &chunk, &features, &symbols}) {
      if (!*statement) return std::unexpected(statement->error());
    }
    return ChunkWriter(database, std::move(*text), std::move(*chunk), std::move(*features), std::move(*symbols));
  }

  Result<void> write(std::int64_t file_id, const FileChunks& file) {
    for (std::size_t i = 0; i < file.chunks.size();) {
      std::size_t end = i;
      std::string piece;
      while (end < file.chunks.size() && (end == i || piece.size() + file.chunks[end].text.size() <= kPieceBytes)) {
        piece += file.chunks[end++].text;
      }
      auto written = text_.bind(1, static_cast<std::int64_t>(piece.size())).bind_blob(2, pack_text(piece)).run();
      if (!written) return written;
      const Place place{file_id, database_->last_insert_id()};
      std::size_t offset = 0;
      for (; i < end; offset += file.chunks[i++].text.size()) {
        written = write_chunk(place, file, i, offset);
        if (!written) return written;
      }
    }
    return write_symbols(file_id, file.symbols);
  }

 private:
  struct Place {
    std::int64_t file_id = 0;
    std::int64_t text_id = 0;
  };

  ChunkWriter(SqliteDatabase& database, SqliteStatement text, SqliteStatement chunk, SqliteStatement features,
              SqliteStatement symbols)
      : database_(&database),
        text_(std::move(text)),
        chunk_(std::move(chunk)),
        features_(std::move(features)),
        symbols_(std::move(symbols)) {}

  Result<void> write_chunk(const Place& place, const FileChunks& file, std::size_t i, std::size_t offset) {
    const Chunk& chunk = file.chunks[i];
    auto written = chunk_.bind(1, place.file_id)
                       .bind(2, chunk.language)
                       .bind(3, chunk.symbol)
                       .bind(4, std::int64_t{chunk.start_line})
                       .bind(5, std::int64_t{chunk.end_line})
                       .bind(6, join_lines(chunk.definitions))
                       .bind(7, place.text_id)
                       .bind(8, static_cast<std::int64_t>(offset))
                       .bind(9, static_cast<std::int64_t>(chunk.text.size()))
                       .run();
    if (!written) return written;
    return features_.bind(1, database_->last_insert_id())
        .bind(2, place.file_id)
        .bind(3, std::int64_t{chunk.start_line})
        .bind(4, i < file.vector_keys.size() ? file.vector_keys[i] : 0)
        .bind_blob(5, encode_terms(count_terms(chunk, hasher_)))
        .bind_blob(6, encode_vector(file.embeddings[i]))
        .run();
  }

  Result<void> write_symbols(std::int64_t file_id, const FileSymbols& symbols) {
    if (symbols.definitions.empty() && symbols.references.empty()) return {};
    const PackedSymbols packed = pack_symbols(symbols);
    return symbols_.bind(1, file_id)
        .bind_blob(2, packed.defined)
        .bind_blob(3, packed.referred)
        .bind_blob(4, packed.definitions)
        .bind_blob(5, packed.lines)
        .run();
  }

  SqliteDatabase* database_;
  SqliteStatement text_;
  SqliteStatement chunk_;
  SqliteStatement features_;
  SqliteStatement symbols_;
  WordHasher hasher_{WordHasher::kForTexts};
};

}  // namespace

Result<void> IndexDatabase::remove_chunks_of(std::string_view path) {
  for (const std::string_view sql :
       {"INSERT OR REPLACE INTO spare_vectors(key, vector) SELECT vector_key, vector FROM features WHERE vector_key != "
        "0 "
        "AND chunk_id IN (SELECT c.id FROM chunks c JOIN files f ON f.id = c.file_id WHERE path = ?)",
        "DELETE FROM features WHERE chunk_id IN (SELECT c.id FROM chunks c JOIN files f ON f.id = c.file_id "
        "WHERE path = ?)",
        "DELETE FROM texts WHERE id IN (SELECT text_id FROM chunks c JOIN files f ON f.id = c.file_id WHERE path = ?)",
        "DELETE FROM symbols WHERE file_id = (SELECT id FROM files WHERE path = ?)",
        "DELETE FROM chunks WHERE file_id = (SELECT id FROM files WHERE path = ?)"}) {
    auto statement = database_.prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    auto removed = statement->bind(1, path).run();
    if (!removed) return removed;
  }
  return {};
}

/// Those of chunks that came back.
Result<void> IndexDatabase::drop_live_spare_vectors() {
  return database_.execute(
      "DELETE FROM spare_vectors WHERE EXISTS(SELECT 1 FROM features WHERE vector_key = spare_vectors.key)");
}

Result<void> IndexDatabase::trim_spare_vectors() {
  auto span = database_.select_integer("SELECT coalesce(max(age) - min(age), 0) FROM spare_vectors");
  if (!span) return std::unexpected(span.error());
  if (*span < kMinSpareVectors) return {};
  auto chunks = database_.select_integer("SELECT count(*) FROM features");
  if (!chunks) return std::unexpected(chunks.error());
  auto statement = database_.prepare("DELETE FROM spare_vectors WHERE age <= (SELECT max(age) FROM spare_vectors) - ?");
  if (!statement) return std::unexpected(statement.error());
  return statement->bind(1, std::max(kMinSpareVectors, *chunks / 2)).run();
}

Result<bool> IndexDatabase::knows_file(std::string_view path) {
  auto statement = database_.prepare("SELECT 1 FROM files WHERE path = ?");
  if (!statement) return std::unexpected(statement.error());
  return statement->bind(1, path).step();
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
  if (files.empty()) return {};
  auto writer = ChunkWriter::make(database_);
  if (!writer) return std::unexpected(writer.error());
  for (const FileChunks& entry : files) {
    auto is_known = knows_file(entry.file.path);
    if (!is_known) return std::unexpected(is_known.error());
    if (*is_known) {
      auto removed = remove_chunks_of(entry.file.path);
      if (!removed) return removed;
    }
    auto id = write_file(entry.file, entry.chunks.size());
    if (!id) return std::unexpected(id.error());
    auto written = writer->write(*id, entry);
    if (!written) return written;
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
  if (written && batch.marker && batch.marker->state == IndexState::ready) written = drop_live_spare_vectors();
  if (written && !(batch.removed_paths.empty() && batch.files.empty())) {
    written = trim_spare_vectors();
    if (!written) return written;
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
