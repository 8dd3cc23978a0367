// What git knows of who changed which files together, and why they said that they did.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "codehelper/base/error.hpp"

namespace codehelper {

/// The commit that is checked out around a folder.
struct GitHead {
  std::filesystem::path objects;  // git's database
  std::string below;              // the folder relative to the work tree: "" or "sub/folder/"
  std::string commit;             // 40 hexadecimal digits

  bool operator==(const GitHead&) const = default;
};

/// Nothing when `folder` (absolute, links resolved) is in no repository, or in one without a commit. Blocks. Errors:
/// unavailable when the machine fails or the repository is broken.
Result<std::optional<GitHead>> find_git_head(const std::filesystem::path& folder);

struct PastCommit {
  std::string subject;             // its first line, raw bytes
  std::vector<std::string> paths;  // changed below the head's folder, relative to it; empty when they are too many
};

struct PastCommits {
  std::unordered_map<std::string, PastCommit> by_id;
  std::vector<std::string> order;  // ids, newest first
  bool is_complete = false;        // all are read that were asked for, or all there are
};

struct HistoryLimits {
  std::size_t commits = 0;
  std::size_t paths = 0;  // of a commit; one with more tells little of each
  std::chrono::milliseconds time{0};
};

/// The newest commits behind the head, merges left out, as many as can be read in the time. Those of `known` are not
/// read again. Blocks. Errors: unavailable when git's data can't be read.
Result<PastCommits> read_past_commits(const GitHead& head, PastCommits known, const HistoryLimits& limits);

}  // namespace codehelper
