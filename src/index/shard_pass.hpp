// What an index pass does because it is one of several: keeps to its own files and reports how far it is. For a pass
// that is the whole, nothing.
#pragma once

#include <optional>
#include <string>

#include "codehelper/index/shard.hpp"
#include "codehelper/index/source_files.hpp"

namespace codehelper {

struct IndexCounts {
  std::uint64_t files = 0;
  std::uint64_t chunks = 0;
  std::uint64_t skipped = 0;
};

/// How things stand when a shard has finished.
struct ShardsEnd {
  std::optional<IndexCounts> sum;  // of all shards, when this one was the last
  std::string failure;             // what another shard failed of, when none is at work any more
};

class ShardPass {
 public:
  /// `reports` may be null when the shard is the whole; otherwise it outlives this.
  ShardPass(RequestContext context, Project project, Shard shard, ShardReports* reports)
      : context_(std::move(context)), project_(std::move(project)), shard_(std::move(shard)), reports_(reports) {}

  void keep_own(SourceListing& listing) const;
  Task<Result<void>> report_start();
  Task<Result<void>> report_failure(std::string cause);
  /// Errors: those of ShardReports.
  Task<Result<ShardsEnd>> report_end(IndexCounts counts);

 private:
  Task<Result<void>> save(ShardReport::State state, IndexCounts counts, std::string cause);

  RequestContext context_;
  Project project_;
  Shard shard_;
  ShardReports* reports_;
};

}  // namespace codehelper
