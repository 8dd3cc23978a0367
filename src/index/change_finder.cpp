#include "codehelper/index/change_finder.hpp"

#include <chrono>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "git_folders.hpp"
#include "index_changes.hpp"

namespace codehelper {
namespace {

namespace fs = std::filesystem;

/// As long as a filesystem's tick may last, a file can change again under the same times (file_preparation.cpp).
constexpr std::chrono::nanoseconds kUnprovenAge = std::chrono::seconds(2);

bool is_proven(const SourceFile& file, std::chrono::system_clock::time_point read_at) {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(read_at.time_since_epoch());
  return std::max(file.modified_ns, file.changed_ns) <= now.count() - kUnprovenAge.count();
}

/// All folders but those that are left out whole; those of listed files are never left out. And where git keeps the
/// list of tracked files, and rules.
std::vector<WatchedFolder> list_folders(const fs::path& root, const SourceListing& listing) {
  std::set<std::string> folders{root.string()};
  for (const SourceFile& file : listing.files) {
    for (std::size_t end = file.path.rfind('/'); end != std::string::npos && end > 0;
         end = file.path.rfind('/', end - 1)) {
      if (!folders.insert((root / file.path.substr(0, end)).string()).second) break;
    }
  }
  std::set<std::string> skipped;
  for (const SkippedFile& file : listing.skipped) {
    if (file.path.ends_with('/')) skipped.insert((root / file.path.substr(0, file.path.size() - 1)).string());
  }
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_symlink(unknown) || !entry->is_directory(unknown)) continue;
    if (entry->path().filename() == ".git" || skipped.contains(entry->path().string())) {
      entry.disable_recursion_pending();
    } else {
      folders.insert(entry->path().string());
    }
  }
  std::vector<WatchedFolder> watched;
  watched.reserve(folders.size());
  for (const std::string& folder : folders) watched.push_back({folder, ""});
  const auto git = find_git_around(root);
  if (!git || !*git) return watched;
  watched.push_back({(*git)->own.string(), "index"});
  watched.push_back({((*git)->common / "info").string(), "exclude"});
  return watched;
}

}  // namespace

struct ChangeFinder::State {
  fs::path root;
  std::uint64_t max_file_bytes = 0;
  IndexedFiles indexed;
  // Files whose times differ from the index's, or that are not in it and don't belong there, as they were looked into.
  std::unordered_map<std::string, SourceFile> settled;

  /// Whether the index lacks what is in the file now.
  Result<bool> has_news(const SourceFile& file) {
    const auto known = settled.find(file.path);
    if (known != settled.end() && known->second == file) return false;
    const auto read_at = std::chrono::system_clock::now();
    auto read = read_source_file(root, file, max_file_bytes);
    if (!read && read.error().code != ErrorCode::not_found) return std::unexpected(read.error());
    const auto entry = indexed.find(file.path);
    const bool is_indexed = entry != indexed.end();
    const bool has_content = read && *read;
    if (has_content ? !is_indexed || entry->second.hash != (*read)->hash : is_indexed) return true;
    if (is_proven(file, read_at)) settled.insert_or_assign(file.path, file);
    return false;
  }
};

ChangeFinder::ChangeFinder(fs::path root, std::uint64_t max_file_bytes) : state_(std::make_unique<State>()) {
  state_->root = std::move(root);
  state_->max_file_bytes = max_file_bytes;
}

ChangeFinder::~ChangeFinder() = default;

void ChangeFinder::set_indexed(std::vector<IndexedFile> files) {
  state_->settled.clear();
  state_->indexed.clear();
  for (IndexedFile& file : files) {
    std::string path = file.path;
    state_->indexed.emplace(std::move(path), std::move(file));
  }
}

Result<TreeLook> ChangeFinder::look() {
  const auto listing = list_source_files(state_->root, state_->max_file_bytes);
  if (!listing) return std::unexpected(listing.error());
  const IndexChanges plan = find_changes(listing->files, state_->indexed, Reuse::unchanged_files);
  TreeLook look;
  look.changed_files = plan.removed.size();
  for (const SourceFile& file : plan.to_read) {
    const auto has_news = state_->has_news(file);
    if (!has_news) return std::unexpected(has_news.error());
    if (*has_news) ++look.changed_files;
  }
  look.folders = list_folders(state_->root, *listing);
  return look;
}

}  // namespace codehelper
