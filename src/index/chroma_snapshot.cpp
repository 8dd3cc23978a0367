#include "chroma_snapshot.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>

#include "codehelper/base/json_fields.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::size_t kFilesOfPage = 2'000;
constexpr std::size_t kChunksOfPage = 500;
constexpr std::uint64_t kChunksOfGroup = 500;  // asked for by path at once, and 100 paths at most
constexpr std::size_t kPathsOfGroup = 100;

json::object page_filter(std::size_t offset, std::size_t limit) {
  return {{"offset", offset}, {"limit", limit}};
}

json::object path_filter(const std::vector<const ChromaFile*>& files) {
  json::array paths;
  for (const ChromaFile* file : files) paths.emplace_back(encode_chroma_path(file->file.path));
  return {{"where", json::object{{"path", json::object{{"$in", std::move(paths)}}}}}};
}

}  // namespace

std::string ChromaIndex::revision() const {
  return chunks.id + text_in(files.metadata, "revision");
}

Task<Result<std::vector<ChromaFile>>> load_chroma_files(RequestContext context, ChromaApi& api, std::string files_id) {
  std::vector<ChromaFile> files;
  for (std::size_t offset = 0;; offset += kFilesOfPage) {
    json::object body = page_filter(offset, kFilesOfPage);
    body["include"] = json::array{"metadatas"};
    auto page = co_await api.get(context, files_id, std::move(body));
    if (!page) co_return std::unexpected(page.error());
    for (const json::object& metadata : page->metadatas) {
      if (auto file = read_file(metadata)) files.push_back(std::move(*file));
    }
    if (page->ids.size() < kFilesOfPage) co_return files;
  }
}

ChromaSnapshot::Page ChromaSnapshot::analyze(const ChromaRecords& records) {
  Page page{{}, records.ids.size()};
  WordHasher hasher(WordHasher::kForTexts);
  const std::size_t count = std::min(records.metadatas.size(), records.documents.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = parse_chunk_id(records.ids[i]);
    auto chunk = read_chunk(records.metadatas[i], records.documents[i]);
    if (!id || !chunk) continue;
    page.chunks.push_back({*id, chunk->path, std::string(read_written(records.metadatas[i])), chunk->start_line,
                           count_terms(*chunk, hasher)});
  }
  return page;
}

void ChromaSnapshot::remove_file(Content& content, std::string_view path) {
  const auto found = content.files.find(path);
  if (found == content.files.end()) return;
  for (const std::size_t position : found->second.positions) content.index.remove(position);
  content.files.erase(found);
}

void ChromaSnapshot::add_file(Content& content, const ChromaFile& file, std::vector<LoadedChunk> chunks) {
  remove_file(content, file.file.path);
  std::ranges::sort(chunks, {}, &LoadedChunk::start_line);
  LoadedFile& loaded = content.files[file.file.path];
  loaded.written = file.written;
  if (chunks.empty()) return;
  const std::uint32_t number = content.index.add_file(file.file.path);
  for (const LoadedChunk& chunk : chunks) {
    loaded.positions.push_back(content.index.chunks().size());
    content.index.add(chunk.id, number, chunk.start_line, chunk.terms);
  }
}

std::vector<const ChromaFile*> ChromaSnapshot::find_changed(const Content& content, const FileRecords& files) {
  std::vector<const ChromaFile*> changed;
  for (const auto& [path, file] : files) {
    if (file->is_pending) continue;
    const auto known = content.files.find(path);
    if (known == content.files.end() || known->second.written != file->written) changed.push_back(file);
  }
  return changed;
}

void ChromaSnapshot::remove_gone(Content& content, const FileRecords& files) {
  std::vector<std::string> gone;
  for (const auto& [path, loaded] : content.files) {
    if (!files.contains(path)) gone.push_back(path);
  }
  for (const std::string& path : gone) remove_file(content, path);
}

Task<Result<ChromaSnapshot::Page>> ChromaSnapshot::load(RequestContext context, std::string id, json::object filter) {
  filter["include"] = json::array{"documents", "metadatas"};
  auto records = co_await api_.get(std::move(context), std::move(id), std::move(filter));
  if (!records) co_return std::unexpected(records.error());
  auto work = [records = std::move(*records)] { return analyze(records); };
  co_return co_await loop_.run_blocking(std::move(work));
}

void ChromaSnapshot::take_page(Content& content, const FileRecords& files, Incomplete& incomplete, Page page) {
  for (LoadedChunk& chunk : page.chunks) {
    const auto file = files.find(chunk.path);
    if (file == files.end() || file->second->written != chunk.written) continue;
    std::vector<LoadedChunk>& chunks = incomplete[chunk.path];
    if (std::ranges::find(chunks, chunk.id, &LoadedChunk::id) != chunks.end()) continue;
    chunks.push_back(std::move(chunk));
    if (chunks.size() != file->second->file.chunks) continue;
    add_file(content, *file->second, std::move(chunks));
    incomplete.erase(file->first);
  }
}

/// By pages, which is quicker than by paths. A page may miss what is written meanwhile: files that don't come whole are
/// left for load_files().
Task<Result<void>> ChromaSnapshot::load_all(RequestContext context, std::string id, const FileRecords& files,
                                            Content& content) {
  Incomplete incomplete;
  for (std::size_t offset = 0;; offset += kChunksOfPage) {
    auto page = co_await load(context, id, page_filter(offset, kChunksOfPage));
    if (!page) co_return std::unexpected(page.error());
    const bool is_last = page->records < kChunksOfPage;
    auto take = [&] { take_page(content, files, incomplete, std::move(*page)); };
    co_await loop_.run_blocking(std::move(take));
    if (is_last) co_return Result<void>{};
  }
}

void ChromaSnapshot::take_group(Content& content, const std::vector<const ChromaFile*>& files, Page page) {
  Incomplete loaded;
  for (LoadedChunk& chunk : page.chunks) loaded[chunk.path].push_back(std::move(chunk));
  const std::lock_guard lock(mutex_);
  for (const ChromaFile* file : files) {
    std::vector<LoadedChunk>& chunks = loaded[file->file.path];
    std::erase_if(chunks, [&](const LoadedChunk& chunk) { return chunk.written != file->written; });
    // Written again since its record was read: then the revision changes too, and the next call takes it in.
    if (chunks.size() == file->file.chunks) add_file(content, *file, std::move(chunks));
  }
}

Task<Result<void>> ChromaSnapshot::load_files(RequestContext context, std::string id,
                                              std::vector<const ChromaFile*> files, Content& content) {
  for (auto next = files.begin(); next != files.end();) {
    std::vector<const ChromaFile*> group;
    for (std::uint64_t chunks = 0; next != files.end() && group.size() < kPathsOfGroup; ++next) {
      chunks += (*next)->file.chunks;
      if (!group.empty() && chunks > kChunksOfGroup) break;
      group.push_back(*next);
    }
    auto page = co_await load(context, id, path_filter(group));
    if (!page) co_return std::unexpected(page.error());
    auto take = [&] { take_group(content, group, std::move(*page)); };
    co_await loop_.run_blocking(std::move(take));
  }
  co_return Result<void>{};
}

Task<Result<void>> ChromaSnapshot::follow(RequestContext context, ChromaIndex index) {
  const auto records = co_await load_chroma_files(context, api_, index.files.id);
  if (!records) co_return std::unexpected(records.error());
  FileRecords files;
  for (const ChromaFile& file : *records) files.emplace(file.file.path, &file);

  if (!is_built_ || content_.index.is_worn_out()) {
    Content fresh;  // searches go on in the old one
    auto loaded = co_await load_all(context, index.chunks.id, files, fresh);
    if (loaded) loaded = co_await load_files(context, index.chunks.id, find_changed(fresh, files), fresh);
    if (!loaded) co_return loaded;
    auto learn = [&fresh] { fresh.index.learn(); };
    co_await loop_.run_blocking(std::move(learn));
    const std::lock_guard lock(mutex_);
    content_ = std::move(fresh);
    is_built_ = true;
    co_return Result<void>{};
  }
  {
    const std::lock_guard lock(mutex_);
    remove_gone(content_, files);
  }
  auto loaded = co_await load_files(context, index.chunks.id, find_changed(content_, files), content_);
  if (!loaded) co_return loaded;
  auto learn = [this] {
    LearnedVectors learned = content_.index.learned();  // only follow() changes the content: searches go on meanwhile
    const std::lock_guard lock(mutex_);
    content_.index.take(std::move(learned));
  };
  co_await loop_.run_blocking(std::move(learn));
  co_return Result<void>{};
}

IndexSnapshot::Ranking ChromaSnapshot::rank(const ChunkQuery& query) const {
  ChunkQuery words = query;
  words.embedding.clear();
  const std::lock_guard lock(mutex_);
  return content_.index.rank(words);
}

std::size_t ChromaSnapshot::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  return content_.index.memory_bytes();
}

}  // namespace codehelper
