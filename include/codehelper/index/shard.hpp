// One index made by several processes side by side: each takes the files whose path falls in its share, and the last
// one to finish writes the marker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/request_context.hpp"
#include "codehelper/index/project.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

struct Shard {
  unsigned index = 0;  // from 0
  unsigned count = 1;
  std::string run;  // names the run that all shards belong to (a Job's uid); may be empty

  bool is_whole() const { return count == 1; }
  /// Whether the file falls in this share: by the SHA-256 of its path.
  bool holds(std::string_view path) const;
};

/// How far one shard is; the last report of each shard is kept with the index.
struct ShardReport {
  enum class State { started, done, failed };
  Shard shard;
  State state = State::started;
  std::string cause;  // of a failure
  std::uint64_t files = 0;
  std::uint64_t chunks = 0;
  std::uint64_t skipped = 0;
};

class ShardReports {
 public:
  virtual ~ShardReports() = default;

  /// Replaces the shard's earlier report. Errors: those of VectorStore::apply().
  virtual Task<Result<void>> save_report(RequestContext context, Project project, ShardReport report) = 0;
  /// The reports of the shards of `shard`'s run, one each at most.
  virtual Task<Result<std::vector<ShardReport>>> load_reports(RequestContext context, Project project, Shard shard) = 0;
};

}  // namespace codehelper
