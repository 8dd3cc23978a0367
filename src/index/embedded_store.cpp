#include <sys/stat.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <type_traits>

#include "codehelper/base/hash.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/vector_store.hpp"
#include "embedded_snapshot.hpp"
#include "index_database.hpp"
#include "recent_items.hpp"
#include "sound_pages.hpp"

namespace codehelper {
namespace {

/// Of what is loaded for searching: 35 MiB for 23 MB of indexed source, so this is enough for 350 MB of it. The project
/// that was searched last stays whatever its size; the others load again when they are asked.
constexpr std::size_t kMaxMemoryBytes = std::size_t{512} * 1024 * 1024;
/// Each keeps up to six descriptors open.
constexpr std::size_t kMaxProjects = 32;
constexpr std::size_t kMaxNameLength = 40;

std::string make_file_name(const std::filesystem::path& root) {
  std::string name = to_lower_ascii(root.filename().string());
  for (char& c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!is_plain) c = '_';
  }
  name.resize(std::min(name.size(), kMaxNameLength));
  return fmt::format("{}-{}.db", name.empty() ? "root" : name, sha256_hex(root.string()).substr(0, 16));
}

/// The inode of the database file: another one means that the index was dropped and made again.
ino_t file_identity(const std::filesystem::path& file) {
  struct stat status{};
  return ::stat(file.c_str(), &status) == 0 ? status.st_ino : 0;
}

/// One project's connections; readers and the writer have their own, so that a search doesn't wait for a commit.
/// Thread-safe: used on the blocking pool.
class EmbeddedIndex {
 public:
  explicit EmbeddedIndex(std::filesystem::path file) : file_(std::move(file)), sound_pages_(file_) {}
  EmbeddedIndex(const EmbeddedIndex&) = delete;
  EmbeddedIndex& operator=(const EmbeddedIndex&) = delete;

  ~EmbeddedIndex() {
    if (learning_.valid()) learning_.wait();
    const bool are_sound = sound_pages_.are_known();
    writer_.reset();
    close_reader();  // the last connection brings the log into the file
    if (!are_sound) return;
    sound_pages_.note();
    sound_pages_.save();
  }

  Result<std::optional<IndexMarker>> load_marker() {
    const std::lock_guard lock(reading_);
    auto database = open_for_reading();
    if (!database) return std::unexpected(database.error());
    if (*database == nullptr) return std::nullopt;
    return (*database)->load_marker();
  }

  /// On a connection of its own: searches go on, and no page is taken from a cache that is older than the damage.
  Result<std::vector<IndexedFile>> list_files() {
    auto database = IndexDatabase::open_existing(file_);
    if (!database) return std::unexpected(database.error());
    if (!*database) return std::vector<IndexedFile>{};
    if (!sound_pages_.are_known()) {
      auto checked = (*database)->check_pages();
      if (!checked) return std::unexpected(checked.error());
      sound_pages_.note();
    }
    return (*database)->list_files();
  }

  Result<ChunkHits> query(const ChunkQuery& query) {
    return read([&](IndexDatabase& database) { return query_open(database, query); });
  }

  Result<ChunksById> load_chunks(const std::vector<std::int64_t>& ids) {
    return read([&](IndexDatabase& database) { return load_open(database, ids); });
  }

  Result<void> apply(const IndexBatch& batch) {
    const std::lock_guard lock(writing_);
    const bool are_sound = sound_pages_.are_known();
    auto applied = apply_to_writer(batch);
    if (are_sound) sound_pages_.note();
    return applied;
  }

  /// As of the last query.
  std::size_t memory_bytes() const { return memory_bytes_; }

  Result<void> drop() {
    const std::scoped_lock lock(writing_, reading_);
    writer_.reset();
    close_reader();
    for (const char* suffix : {"", "-wal", "-shm", SoundPages::kSuffix}) {
      std::error_code error;
      std::filesystem::remove(file_.string() + suffix, error);
      if (error && error != std::errc::not_a_directory) {
        return fail(ErrorCode::unavailable,
                    fmt::format("can't delete {}{}: {}", file_.string(), suffix, error.message()));
      }
    }
    return {};
  }

 private:
  /// What `work` says of the open index; after an error it is opened anew.
  template <class Work>
  std::invoke_result_t<Work, IndexDatabase&> read(Work work) {
    const std::lock_guard lock(reading_);
    auto database = open_for_reading();
    if (!database) return std::unexpected(database.error());
    if (*database == nullptr) return fail(ErrorCode::not_found, "the project has no index: POST /project first");
    auto result = work(**database);
    if (!result) close_reader();
    return result;
  }

  Result<void> apply_to_writer(const IndexBatch& batch) {
    if (!writer_ || writer_identity_ != file_identity(file_)) {
      writer_.reset();
      auto created = IndexDatabase::create(file_);
      if (!created) return std::unexpected(created.error());
      writer_.emplace(std::move(*created));
      writer_identity_ = file_identity(file_);
    }
    auto applied = writer_->apply(batch);
    const bool ends_pass = applied && batch.marker && batch.marker->state == IndexState::ready;
    if (ends_pass) static_cast<void>(writer_->compact());  // the pass is kept, and the next one tries again
    return applied;
  }

  /// Null when there is no index.
  Result<IndexDatabase*> open_for_reading() {
    const ino_t identity = file_identity(file_);
    if (reader_ && reader_identity_ == identity) return &*reader_;
    close_reader();
    auto opened = IndexDatabase::open_existing(file_);
    if (!opened) return std::unexpected(opened.error());
    if (!*opened) return nullptr;
    reader_.emplace(std::move(**opened));
    reader_identity_ = identity;
    return &*reader_;
  }

  void close_reader() {
    reader_.reset();
    const std::lock_guard lock(ranking_);
    snapshot_ = {};
    memory_bytes_ = 0;
  }

  Result<ChunkHits> query_open(IndexDatabase& database, const ChunkQuery& query) {
    auto transaction = database.begin_reading();
    if (!transaction) return std::unexpected(transaction.error());
    auto ranked = rank(database, query);
    if (!ranked) return std::unexpected(ranked.error());
    IndexSnapshot::Ranking ranking = std::move(*ranked);
    // Legs share chunks and neighbours, whose text lies together: all are loaded at once, in the order of the disk.
    std::vector<std::int64_t> ids;
    for (const auto* leg : {&ranking.lexical, &ranking.semantic, &ranking.learned, &ranking.definitions}) {
      append_ids(*leg, ids);
    }
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    auto chunks = database.load_chunks(ids);
    if (!chunks) return std::unexpected(chunks.error());
    if (chunks->size() != ids.size()) return fail_as_damaged(file_, "chunks are missing");
    if (query.texts == ChunkTexts::definitions) {
      ids.clear();
      append_ids(ranking.definitions, ids);
    }
    const auto completed = database.add_texts(ids, *chunks);
    if (!completed) return std::unexpected(completed.error());
    const auto join = [&](const std::vector<IndexSnapshot::RankedChunk>& leg) {
      std::vector<ScoredChunk> scored;
      scored.reserve(leg.size());
      for (const IndexSnapshot::RankedChunk& entry : leg) {
        scored.push_back({entry.id, entry.score, chunks->find(entry.id)->second});
      }
      return scored;
    };
    ChunkHits hits;
    hits.lexical = join(ranking.lexical);
    hits.semantic = join(ranking.semantic);
    hits.learned = join(ranking.learned);
    hits.definitions = join(ranking.definitions);
    hits.files = std::move(ranking.files);
    hits.rarities = std::move(ranking.rarities);
    return hits;
  }

  Result<IndexSnapshot::Ranking> rank(IndexDatabase& database, const ChunkQuery& query) {
    const std::lock_guard lock(ranking_);
    auto followed = snapshot_.follow(database);
    if (!followed) return std::unexpected(followed.error());
    memory_bytes_ = snapshot_.memory_bytes();
    if (snapshot_.is_behind()) learn_later();
    return snapshot_.rank(query);
  }

  /// Beside what is left of this question, which it is not worth waiting for.
  void learn_later() {
    const bool is_under_way =
        learning_.valid() && learning_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
    if (is_under_way) return;
    learning_ = std::async(std::launch::async | std::launch::deferred, [this] {
      const std::lock_guard lock(ranking_);
      snapshot_.learn();
    });
  }

  static void append_ids(const std::vector<IndexSnapshot::RankedChunk>& leg, std::vector<std::int64_t>& ids) {
    for (const IndexSnapshot::RankedChunk& entry : leg) ids.push_back(entry.id);
  }

  static Result<ChunksById> load_open(IndexDatabase& database, const std::vector<std::int64_t>& ids) {
    auto transaction = database.begin_reading();
    if (!transaction) return std::unexpected(transaction.error());
    auto chunks = database.load_chunks(ids);
    if (!chunks) return chunks;
    const auto completed = database.add_texts(ids, *chunks);
    if (!completed) return std::unexpected(completed.error());
    return chunks;
  }

  std::filesystem::path file_;
  SoundPages sound_pages_;
  std::mutex reading_;
  std::optional<IndexDatabase> reader_;
  ino_t reader_identity_ = 0;
  std::mutex ranking_;  // of the snapshot, which learns while others read the database
  EmbeddedSnapshot snapshot_;
  std::atomic<std::size_t> memory_bytes_ = 0;
  std::future<void> learning_;
  std::mutex writing_;
  std::optional<IndexDatabase> writer_;
  ino_t writer_identity_ = 0;
};

class EmbeddedStore final : public VectorStore {
 public:
  EmbeddedStore(EventLoop& loop, std::filesystem::path data_dir) : loop_(loop), data_dir_(std::move(data_dir)) {}

  Task<Result<std::optional<IndexMarker>>> load_marker(RequestContext /*context*/, Project project) override {
    auto work = [index = find(project)] { return index->load_marker(); };
    co_return co_await loop_.run_blocking(std::move(work));
  }

  Task<Result<std::vector<IndexedFile>>> list_files(RequestContext /*context*/, Project project) override {
    auto work = [index = find(project)] { return index->list_files(); };
    co_return co_await loop_.run_blocking(std::move(work));
  }

  Task<Result<void>> apply(RequestContext /*context*/, Project project, IndexBatch batch) override {
    auto work = [index = find(project), batch = std::move(batch)] { return index->apply(batch); };
    co_return co_await loop_.run_blocking(std::move(work));
  }

  Task<Result<ChunkHits>> query(RequestContext /*context*/, Project project, ChunkQuery query) override {
    auto work = [index = find(project), query = std::move(query)] { return index->query(query); };
    auto hits = co_await loop_.run_blocking(std::move(work));
    indexes_.trim();
    co_return hits;
  }

  Task<Result<ChunksById>> load_chunks(RequestContext /*context*/, Project project,
                                       std::vector<std::int64_t> ids) override {
    auto work = [index = find(project), ids = std::move(ids)] { return index->load_chunks(ids); };
    co_return co_await loop_.run_blocking(std::move(work));
  }

  Task<Result<void>> drop(RequestContext /*context*/, Project project) override {
    auto work = [index = find(project)] { return index->drop(); };
    co_return co_await loop_.run_blocking(std::move(work));
  }

 private:
  std::shared_ptr<EmbeddedIndex> find(const Project& project) {
    const std::filesystem::path file = embedded_index_path(data_dir_, project);
    return indexes_.find(file, [&] { return std::make_shared<EmbeddedIndex>(file); });
  }

  EventLoop& loop_;
  std::filesystem::path data_dir_;
  RecentItems<EmbeddedIndex> indexes_{{kMaxProjects, kMaxMemoryBytes}};  // used on the loop only
};

}  // namespace

std::unique_ptr<VectorStore> open_embedded_store(EventLoop& loop, std::filesystem::path data_dir) {
  return std::make_unique<EmbeddedStore>(loop, std::move(data_dir));
}

std::filesystem::path embedded_index_path(const std::filesystem::path& data_dir, const Project& project) {
  return data_dir / "index" / make_file_name(project.root);
}

}  // namespace codehelper
