// The files of a project as a chat may see them: those that an index of it would hold, so nothing that git ignores and
// no secrets; what is read is remembered, so that citations can be checked against it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/source_files.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

/// Lines that were shown to a model, by path and number.
class ShownLines {
 public:
  /// `lines`: whole lines, the first of which is number `first` (1-based).
  void add(const std::string& path, int first, std::string_view lines);
  bool contains(std::string_view path, int line, std::string_view text) const;

 private:
  std::map<std::string, std::map<int, std::size_t>, std::less<>> hashes_;  // of a line's text
};

class ProjectReader {
 public:
  ProjectReader(EventLoop& loop, std::filesystem::path root, std::uint64_t max_file_bytes)
      : loop_(loop), root_(std::move(root)), max_file_bytes_(max_file_bytes) {}

  const std::filesystem::path& root() const { return root_; }
  /// A text that is read as `path` from now on, and is in no listing.
  void add_text(std::string path, std::string text) { texts_.insert_or_assign(std::move(path), std::move(text)); }
  /// Listed once, by path. Errors: those of list_source_files().
  Task<Result<std::shared_ptr<const SourceListing>>> list();
  /// The text of now, valid UTF-8, not masked. Errors: invalid_input for a path that leaves the project, and with the
  /// reason and its rule for a file that is kept out; not_found; unavailable.
  Task<Result<std::string>> read(std::string path);

 private:
  EventLoop& loop_;
  std::filesystem::path root_;
  std::uint64_t max_file_bytes_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::shared_ptr<const SourceListing> listing_;
};

/// `path` as it stands in a listing: without "./" and, when it is absolute, below `root`. Nothing when it leaves that.
std::optional<std::string> find_relative_path(const std::filesystem::path& root, std::string_view path);

}  // namespace codehelper
