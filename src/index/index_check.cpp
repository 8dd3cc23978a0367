#include "codehelper/index/index_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "index_database.hpp"
#include "term_vector.hpp"

namespace codehelper {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunksAtOnce = 500;

/// One pass over an index, within one transaction.
class Check {
 public:
  explicit Check(IndexDatabase database) : database_(std::move(database)) {}

  std::vector<CheckResult> run() {
    auto transaction = database_.begin_reading();
    const bool is_sound =
        take(transaction) && check_pages() && check_state() && check_counts() && check_features() && check_texts();
    if (is_sound) check_disk();
    return std::move(results_);
  }

 private:
  /// The messages of the database name the way out.
  template <class T>
  bool take(const Result<T>& result) {
    if (!result) results_.push_back({"damaged", result.error().message});
    return result.has_value();
  }

  bool check_pages() {
    if (!take(database_.check_pages())) return false;
    results_.push_back({"format and pages are sound", ""});
    return true;
  }

  bool check_state() {
    auto marker = database_.load_marker();
    if (!take(marker)) return false;
    if (!*marker) {
      results_.push_back({"no pass has begun", "codehelper ingest PATH"});
      return false;
    }
    marker_ = std::move(**marker);
    const std::string again = fmt::format("codehelper ingest {}", marker_.project_path);
    std::string fix;
    if (marker_.state != IndexState::ready) fix = again;
    std::error_code error;
    if (!fs::is_directory(marker_.project_path, error)) {
      fix = fmt::format("the project is gone; delete {}, or index the project where it is now",
                        database_.file().string());
    }
    results_.push_back(
        {fmt::format("index of {}: {}{}{}, finished {}, made by {} ({} dimensions)", marker_.project_path,
                     to_string(marker_.state), marker_.cause.empty() ? "" : ": ", marker_.cause,
                     marker_.finished_at.empty() ? "never" : marker_.finished_at, marker_.embedder, marker_.dimension),
         std::move(fix)});
    return true;
  }

  bool check_counts() {
    const auto files = database_.list_files();
    auto ids = database_.chunk_ids();
    if (!take(files) || !take(ids)) return false;
    const std::uint64_t told =
        std::accumulate(files->begin(), files->end(), std::uint64_t{0},
                        [](std::uint64_t sum, const IndexedFile& file) { return sum + file.chunks; });
    if (told != ids->size())
      return mismatch(fmt::format("its files have {} chunks, and {} are there", told, ids->size()));
    ids_ = std::move(*ids);
    results_.push_back({fmt::format("{} files and {} chunks agree", files->size(), ids_.size()), ""});
    return true;
  }

  bool check_features() {
    std::vector<std::int64_t> seen;
    std::vector<TermCount> terms;
    const auto visited = database_.visit_features(0, [&](const FeatureRow& row) {
      seen.push_back(row.chunk_id);
      return decode_vector(row.vector).size() == marker_.dimension && decode_terms(row.terms, terms);
    });
    if (!take(visited)) return false;
    if (seen != ids_) return mismatch(fmt::format("{} chunks have words and vectors, of {}", seen.size(), ids_.size()));
    results_.push_back({"every chunk has its words and its vector", ""});
    return true;
  }

  bool check_texts() {
    for (std::size_t begin = 0; begin < ids_.size(); begin += kChunksAtOnce) {
      const auto first = ids_.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last = first + static_cast<std::ptrdiff_t>(std::min(kChunksAtOnce, ids_.size() - begin));
      const std::vector<std::int64_t> ids(first, last);
      auto chunks = database_.load_chunks(ids);
      if (!take(chunks)) return false;
      if (chunks->size() != ids.size()) return mismatch("chunks have no file");
      if (!take(database_.add_texts(ids, *chunks))) return false;
    }
    results_.push_back({"every chunk has its text", ""});
    return true;
  }

  void check_disk() {
    const auto free = database_.free_bytes();
    if (!take(free)) return;
    results_.push_back({fmt::format("{:.1f} MB on disk, {:.1f} MB of it free",
                                    megabytes(index_file_bytes(database_.file())), megabytes(*free)),
                        ""});
  }

  static double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

  bool mismatch(std::string_view what) { return take(Result<void>(fail_as_damaged(database_.file(), what))); }

  IndexDatabase database_;
  std::vector<CheckResult> results_;
  IndexMarker marker_;
  std::vector<std::int64_t> ids_;
};

}  // namespace

std::vector<CheckResult> check_index_file(const fs::path& file) {
  auto database = IndexDatabase::open_existing(file);
  if (!database) return {{"can't be opened", database.error().message}};
  if (!*database) return {{"no index of this version", "codehelper ingest PATH"}};
  return Check(std::move(**database)).run();
}

std::vector<fs::path> list_index_files(const fs::path& data_dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_dir / "index", error)) {
    if (entry.path().extension() == ".db") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<IndexMarker> load_index_markers(const fs::path& data_dir) {
  std::vector<IndexMarker> markers;
  for (const fs::path& file : list_index_files(data_dir)) {
    auto database = IndexDatabase::open_existing(file);
    if (!database || !*database) continue;
    auto marker = (*database)->load_marker();
    if (marker && *marker && (*marker)->is_searchable()) markers.push_back(std::move(**marker));
  }
  return markers;
}

std::uint64_t index_file_bytes(const fs::path& file) {
  std::uint64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const auto size = fs::file_size(file.string() + suffix, error);
    if (!error) bytes += size;
  }
  return bytes;
}

}  // namespace codehelper
