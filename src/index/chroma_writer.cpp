#include "chroma_writer.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "term_vector.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

// 100 to 500 records and less than 4 MiB a request (shared/protocols.md section 1.7) bound what is unfinished when a
// process dies. As many as that, because with each write Chroma reads again what its vector index has not yet saved.
constexpr std::size_t kRecordsOfRequest = 500;
constexpr std::size_t kBytesOfRequest = std::size_t{3} * 1024 * 1024;
constexpr std::size_t kFilesOfGroup = 500;

/// The body of an upsert of chunks, grown record by record.
class UpsertBody {
 public:
  void add(const Chunk& chunk, std::size_t ordinal, const Embedding& embedding, std::string_view written) {
    const std::string_view comma = count_ == 0 ? "" : ",";
    fmt::format_to(std::back_inserter(ids_), "{}\"{}\"", comma, chroma_chunk_id(chunk.path, ordinal));
    const Embedding kept = decode_vector(encode_vector(embedding));  // as in the embedded store: both rank alike
    fmt::format_to(std::back_inserter(embeddings_), "{}[{}]", comma, fmt::join(kept, ","));
    fmt::format_to(std::back_inserter(documents_), "{}{}", comma,
                   json::serialize(json::value(json::string(chunk_document(chunk)))));
    fmt::format_to(std::back_inserter(metadatas_), "{}{}", comma, json::serialize(chunk_to_metadata(chunk, written)));
    ++count_;
  }
  bool is_full() const {
    return count_ >= kRecordsOfRequest || embeddings_.size() + documents_.size() + metadatas_.size() >= kBytesOfRequest;
  }
  bool is_empty() const { return count_ == 0; }
  std::string text() const {
    return fmt::format(R"({{"ids":[{}],"embeddings":[{}],"documents":[{}],"metadatas":[{}]}})", ids_, embeddings_,
                       documents_, metadatas_);
  }

 private:
  std::size_t count_ = 0;
  std::string ids_;
  std::string embeddings_;
  std::string documents_;
  std::string metadatas_;
};

std::vector<std::string> make_upserts(std::span<const FileChunks> files, std::string_view written) {
  std::vector<std::string> bodies;
  UpsertBody body;
  for (const FileChunks& file : files) {
    for (std::size_t i = 0; i < file.chunks.size(); ++i) {
      body.add(file.chunks[i], i, file.embeddings[i], written);
      if (!body.is_full()) continue;
      bodies.push_back(body.text());
      body = {};
    }
  }
  if (!body.is_empty()) bodies.push_back(body.text());
  return bodies;
}

/// How many of the next files belong to one group: about a request's worth of chunks.
std::size_t count_group(std::span<const FileChunks> files) {
  std::size_t chunks = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < files.size() && i < kFilesOfGroup; ++i) {
    chunks += files[i].chunks.size();
    for (const Chunk& chunk : files[i].chunks) bytes += chunk.text.size();
    if (i > 0 && (chunks > kRecordsOfRequest || bytes > kBytesOfRequest)) return i;
  }
  return std::min(files.size(), kFilesOfGroup);
}

json::array file_ids(std::span<const std::string> paths) {
  json::array ids;
  for (const std::string& path : paths) ids.emplace_back(chroma_file_id(path));
  return ids;
}

std::vector<std::string> paths_of(std::span<const FileChunks> files) {
  std::vector<std::string> paths;
  for (const FileChunks& entry : files) paths.push_back(entry.file.path);
  return paths;
}

template <class Item>
std::span<const Item> take_front(std::span<const Item>& items, std::size_t count) {
  const auto front = items.first(std::min(count, items.size()));
  items = items.subspan(front.size());
  return front;
}

}  // namespace

Result<void> check_batch(const IndexBatch& batch) {
  for (const FileChunks& entry : batch.files) {
    if (entry.chunks.size() != entry.embeddings.size()) {
      return fail(ErrorCode::internal, fmt::format("{} has {} chunks and {} vectors", entry.file.path,
                                                   entry.chunks.size(), entry.embeddings.size()));
    }
    for (const Embedding& vector : entry.embeddings) {
      if (!std::ranges::all_of(vector, [](float value) { return std::isfinite(value); })) {
        return fail(ErrorCode::unavailable,
                    fmt::format("the embedder gave a vector for {} that is not made of numbers", entry.file.path));
      }
    }
  }
  return {};
}

Task<Result<void>> ChromaWriter::set_pending(std::span<const std::string> paths) {
  json::array metadatas;
  for (const std::string& path : paths) metadatas.push_back(pending_file_metadata(path));
  json::object body{{"ids", file_ids(paths)}, {"metadatas", std::move(metadatas)}};
  auto updated = co_await api_.write(context_, index_.files.id, "update", json::serialize(body));
  if (!updated) co_return updated;
  // The new ones: an update of what is not there does nothing, and so does an add of what is.
  body["embeddings"] = json::array(paths.size(), json::array{1});
  co_return co_await api_.write(context_, index_.files.id, "add", json::serialize(body));
}

Task<Result<void>> ChromaWriter::remove_chunks(std::span<const std::string> paths) {
  json::array encoded;
  for (const std::string& path : paths) encoded.emplace_back(encode_chroma_path(path));
  const json::object body{{"where", json::object{{"path", json::object{{"$in", std::move(encoded)}}}}}};
  co_return co_await api_.write(context_, index_.chunks.id, "delete", json::serialize(body));
}

Task<Result<void>> ChromaWriter::write_files(std::span<const FileChunks> files) {
  const std::vector<std::string> paths = paths_of(files);
  auto done = co_await set_pending(paths);
  if (done) done = co_await remove_chunks(paths);
  if (!done) co_return done;
  auto make = [files, written = written_] { return make_upserts(files, written); };
  std::vector<std::string> bodies = co_await loop_.run_blocking(std::move(make));
  for (std::string& body : bodies) {
    done = co_await api_.write(context_, index_.chunks.id, "upsert", std::move(body));
    if (!done) co_return done;
  }
  json::array metadatas;
  for (const FileChunks& entry : files) {
    IndexedFile file = entry.file;
    file.chunks = entry.chunks.size();
    metadatas.push_back(file_to_metadata(file, written_));
  }
  const json::object body{{"ids", file_ids(paths)}, {"metadatas", std::move(metadatas)}};
  co_return co_await api_.write(context_, index_.files.id, "update", json::serialize(body));
}

Task<Result<void>> ChromaWriter::remove_files(std::span<const std::string> paths) {
  json::array metadatas;
  for (const std::string& path : paths) metadatas.push_back(pending_file_metadata(path));
  const json::object pending{{"ids", file_ids(paths)}, {"metadatas", std::move(metadatas)}};
  auto done = co_await api_.write(context_, index_.files.id, "update", json::serialize(pending));
  if (done) done = co_await remove_chunks(paths);
  if (!done) co_return done;
  const json::object body{{"ids", file_ids(paths)}};
  co_return co_await api_.write(context_, index_.files.id, "delete", json::serialize(body));
}

Task<Result<void>> ChromaWriter::touch_files(std::span<const IndexedFile> files) {
  json::array ids;
  json::array metadatas;
  for (const IndexedFile& file : files) {
    ids.emplace_back(chroma_file_id(file.path));
    metadatas.push_back(touched_file_metadata(file));
  }
  const json::object body{{"ids", std::move(ids)}, {"metadatas", std::move(metadatas)}};
  co_return co_await api_.write(context_, index_.files.id, "update", json::serialize(body));
}

Task<Result<void>> ChromaWriter::write(IndexBatch batch) {
  Result<void> done;
  for (std::span<const FileChunks> rest = batch.files; done && !rest.empty();) {
    const auto group = take_front(rest, count_group(rest));
    done = co_await write_files(group);
  }
  for (std::span<const std::string> rest = batch.removed_paths; done && !rest.empty();) {
    const auto group = take_front(rest, kFilesOfGroup);
    done = co_await remove_files(group);
  }
  for (std::span<const IndexedFile> rest = batch.touched; done && !rest.empty();) {
    const auto group = take_front(rest, kRecordsOfRequest);
    done = co_await touch_files(group);
  }
  if (!done) co_return done;
  json::object revision{{"format", kChromaFormat}, {"revision", written_}};
  done = co_await api_.set_metadata(context_, index_.files.id, std::move(revision));
  if (done && batch.marker) {
    json::object marker = marker_to_metadata(*batch.marker);
    done = co_await api_.set_metadata(context_, index_.chunks.id, std::move(marker));
  }
  co_return done;
}

}  // namespace codehelper
