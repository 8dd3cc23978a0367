#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include "chroma_answers.hpp"
#include "chroma_query.hpp"
#include "chroma_writer.hpp"
#include "codehelper/index/chroma_store.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kMakingTime{300};  // two collections, one after the other

bool is_fit(const ChromaCollection& collection) {
  const json::value* format = collection.metadata.if_contains("format");
  return collection.space == "cosine" && format != nullptr && *format == kChromaFormat;
}

bool has_other_vectors(const ChromaCollection& chunks, const std::optional<IndexMarker>& marker) {
  const json::value* embedder = chunks.metadata.if_contains("embedder");
  return marker && embedder != nullptr && embedder->is_string() && embedder->as_string() != marker->embedder;
}

std::unexpected<Error> no_index(const Project& project) {
  return fail(ErrorCode::not_found,
              fmt::format("{} has no index in Chroma: POST /project with its path, and wait until it is ready",
                          project.root.string()));
}

std::unexpected<Error> replaced_meanwhile(const Project& project) {
  return fail(ErrorCode::conflict,
              fmt::format("the index of {} was removed or replaced in Chroma while it was being written; index again",
                          project.root.string()));
}

class ChromaVectorStore final : public ChromaStore {
 public:
  ChromaVectorStore(EventLoop& loop, HttpClient& client, ChromaOptions options)
      : loop_(loop),
        api_(loop, client, {options.call_limit, options.write_limit, options.patience}),
        warming_wait_(options.warming_wait),
        snapshots_(loop, api_, options) {}

  Task<Result<std::optional<IndexMarker>>> load_marker(RequestContext context, Project project) override {
    auto index = co_await find_index(context, project);
    if (!index) co_return std::unexpected(index.error());
    if (!*index) co_return std::nullopt;
    auto marker = read_marker((*index)->chunks.metadata);
    if (marker) marker->is_warming = snapshots_.is_warming(project);
    co_return marker;
  }

  Task<Result<std::vector<IndexedFile>>> list_files(RequestContext context, Project project) override {
    auto index = co_await find_index(context, project);
    if (!index) co_return std::unexpected(index.error());
    seen_[project.root.string()] = *index ? (*index)->chunks.id : std::string();
    std::vector<IndexedFile> files;
    if (!*index) co_return files;
    auto records = co_await load_chroma_files(context, api_, (*index)->files.id);
    if (!records && records.error().code == ErrorCode::not_found) co_return replaced_meanwhile(project);
    if (!records) co_return std::unexpected(records.error());
    for (ChromaFile& record : *records) files.push_back(std::move(record.file));
    std::ranges::sort(files, {}, &IndexedFile::path);
    co_return files;
  }

  Task<Result<void>> apply(RequestContext context, Project project, IndexBatch batch) override {
    const auto checked = check_batch(batch);
    if (!checked) co_return std::unexpected(checked.error());
    auto opened = co_await open_for_writing(context, project, batch.marker);
    if (!opened) co_return std::unexpected(opened.error());
    ChromaWriter writer(loop_, api_, context, std::move(*opened));
    auto written = co_await writer.write(std::move(batch));
    if (!written && written.error().code == ErrorCode::not_found) co_return replaced_meanwhile(project);
    co_return written;
  }

  Task<Result<ChunkHits>> query(RequestContext context, Project project, ChunkQuery query) override {
    auto hits = co_await query_once(context, project, query);
    // Made anew between the look for it and the question; a second look is enough.
    const bool is_gone = !hits && hits.error().code == ErrorCode::not_found;
    if (is_gone) hits = co_await query_once(context, project, query);
    co_return hits;
  }

  Task<Result<ChunksById>> load_chunks(RequestContext context, Project project,
                                       std::vector<std::int64_t> ids) override {
    auto index = co_await find_index(context, project);
    if (!index) co_return std::unexpected(index.error());
    if (!*index) co_return no_index(project);
    const ChromaSearch search{loop_, api_, snapshots_, warming_wait_};
    std::string chunks_id = (*index)->chunks.id;
    co_return co_await load_chroma_chunks(context, search, std::move(chunks_id), std::move(ids), ChromaText::with);
  }

  Task<Result<void>> drop(RequestContext context, Project project) override {
    const ChromaNames names = chroma_names(project);
    auto removed = co_await api_.remove_collection(context, names.chunks);
    if (removed) removed = co_await api_.remove_collection(context, names.files);
    if (removed) seen_.erase(project.root.string());
    co_return removed;
  }

  Task<void> warm(RequestContext context, Project project) override {
    const auto index = co_await find_index(context, project);
    if (index && *index) snapshots_.start_following(context, project, **index);
  }

  Task<Result<void>> save_report(RequestContext context, Project project, ShardReport report) override {
    auto opened = co_await open_for_writing(context, project, std::nullopt);
    if (!opened) co_return std::unexpected(opened.error());
    json::array metadatas;
    metadatas.push_back(report_to_metadata(report));
    const json::object body{{"ids", json::array{shard_report_id(report.shard.index)}},
                            {"embeddings", json::array(1, json::array{1})},
                            {"metadatas", std::move(metadatas)}};
    co_return co_await api_.write(context, opened->files.id, "upsert", json::serialize(body));
  }

  Task<Result<std::vector<ShardReport>>> load_reports(RequestContext context, Project project, Shard shard) override {
    auto index = co_await find_index(context, project);
    if (!index) co_return std::unexpected(index.error());
    if (!*index) co_return replaced_meanwhile(project);
    json::array ids;
    for (unsigned i = 0; i < shard.count; ++i) ids.emplace_back(shard_report_id(i));
    json::object body{{"ids", std::move(ids)}, {"include", json::array{"metadatas"}}};
    auto records = co_await api_.get(context, (*index)->files.id, std::move(body));
    if (!records) co_return std::unexpected(records.error());
    std::vector<ShardReport> reports;
    for (const json::object& metadata : records->metadatas) {
      auto report = read_report(metadata);
      const bool is_of_run = report && report->shard.count == shard.count && report->shard.run == shard.run;
      if (is_of_run) reports.push_back(std::move(*report));
    }
    co_return reports;
  }

 private:
  struct Found {
    std::optional<ChromaCollection> chunks;
    std::optional<ChromaCollection> files;
  };
  Task<Result<Found>> find_collections(RequestContext context, ChromaNames names) {
    auto chunks = co_await api_.find_collection(context, names.chunks);
    if (!chunks) co_return std::unexpected(chunks.error());
    auto files = co_await api_.find_collection(context, names.files);
    if (!files) co_return std::unexpected(files.error());
    co_return Found{std::move(*chunks), std::move(*files)};
  }

  /// Nothing when there is none, or one that this version can't read.
  Task<Result<std::optional<ChromaIndex>>> find_index(RequestContext context, Project project) {
    auto found = co_await find_collections(std::move(context), chroma_names(project));
    if (!found) co_return std::unexpected(found.error());
    auto& [chunks, files] = *found;
    const bool is_there =
        chunks && files && is_fit(*chunks) && is_fit(*files) && read_marker(chunks->metadata).has_value();
    if (!is_there) co_return std::nullopt;
    co_return ChromaIndex{std::move(*chunks), std::move(*files)};
  }

  /// The collections, made where there are none that fit.
  Task<Result<ChromaIndex>> open_for_writing(RequestContext context, Project project,
                                             std::optional<IndexMarker> marker) {
    const ChromaNames names = chroma_names(project);
    auto found = co_await find_collections(context, names);
    // One without the other: another shard is making them just now, or they are what is left of an index.
    if (found && found->chunks.has_value() != found->files.has_value()) {
      auto slept = co_await sleep_for(kMakingTime);
      if (!slept) co_return std::unexpected(slept.error());
      found = co_await find_collections(context, names);
    }
    if (!found) co_return std::unexpected(found.error());
    std::optional<ChromaCollection>& chunks = found->chunks;
    std::optional<ChromaCollection>& files = found->files;

    const auto seen = seen_.find(project.root.string());
    const bool is_of_pass = seen != seen_.end() && !seen->second.empty();
    if (is_of_pass && (!chunks || chunks->id != seen->second)) co_return replaced_meanwhile(project);

    const bool fits = chunks && files && is_fit(*chunks) && is_fit(*files) && !has_other_vectors(*chunks, marker);
    Result<ChromaIndex> index;
    if (fits) {
      index = ChromaIndex{std::move(*chunks), std::move(*files)};
    } else {
      std::vector<std::string> unfit;
      if (chunks) unfit.push_back(names.chunks);
      if (files) unfit.push_back(names.files);
      index = co_await make_index(context, names, std::move(marker), std::move(unfit));
    }
    // What a pass makes itself, it knows; another call may have begun a pass meanwhile.
    const auto noted = seen_.find(project.root.string());
    if (index && noted != seen_.end()) noted->second = index->chunks.id;
    co_return index;
  }

  /// The chunks come last and with their marker: without them there is no index to be seen.
  Task<Result<ChromaIndex>> make_index(RequestContext context, ChromaNames names, std::optional<IndexMarker> marker,
                                       std::vector<std::string> unfit) {
    for (std::string& name : unfit) {
      auto removed = co_await api_.remove_collection(context, std::move(name));
      if (!removed) co_return std::unexpected(removed.error());
    }
    json::object about_files{{"format", kChromaFormat}};
    auto files = co_await api_.make_collection(context, names.files, std::move(about_files));
    if (!files) co_return std::unexpected(files.error());
    json::object about_chunks = marker ? marker_to_metadata(*marker) : json::object{{"format", kChromaFormat}};
    if (marker) about_chunks["state"] = to_string(IndexState::indexing);
    auto chunks = co_await api_.make_collection(context, names.chunks, std::move(about_chunks));
    if (!chunks) co_return std::unexpected(chunks.error());
    co_return ChromaIndex{std::move(*chunks), std::move(*files)};
  }

  Task<Result<ChunkHits>> query_once(RequestContext context, Project project, ChunkQuery query) {
    auto index = co_await find_index(context, project);
    if (!index) co_return std::unexpected(index.error());
    if (!*index) co_return no_index(project);
    const ChromaSearch search{loop_, api_, snapshots_, warming_wait_};
    co_return co_await query_chroma(context, search, std::move(project), std::move(**index), std::move(query));
  }

  EventLoop& loop_;
  ChromaApi api_;
  std::chrono::milliseconds warming_wait_;
  ChromaSnapshots snapshots_;
  // By root, the UUID of the chunks that list_files() saw; empty when there was no index. A pass that leaves files as
  // they are must write into the collections that hold them.
  std::map<std::string, std::string> seen_;
};

}  // namespace

std::unique_ptr<ChromaStore> make_chroma_store(EventLoop& loop, HttpClient& client, ChromaOptions options) {
  return std::make_unique<ChromaVectorStore>(loop, client, options);
}

}  // namespace codehelper
