#include "shard_pass.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace codehelper {

void ShardPass::keep_own(SourceListing& listing) const {
  std::erase_if(listing.files, [this](const SourceFile& file) { return !shard_.holds(file.path); });
  std::erase_if(listing.skipped, [this](const SkippedFile& file) { return !shard_.holds(file.path); });
}

Task<Result<void>> ShardPass::save(ShardReport::State state, IndexCounts counts, std::string cause) {
  if (shard_.is_whole()) co_return Result<void>{};
  ShardReport report{shard_, state, std::move(cause), counts.files, counts.chunks, counts.skipped};
  co_return co_await reports_->save_report(context_, project_, std::move(report));
}

Task<Result<void>> ShardPass::report_start() {
  co_return co_await save(ShardReport::State::started, {}, {});
}

Task<Result<void>> ShardPass::report_failure(std::string cause) {
  co_return co_await save(ShardReport::State::failed, {}, std::move(cause));
}

Task<Result<ShardsEnd>> ShardPass::report_end(IndexCounts counts) {
  auto saved = co_await save(ShardReport::State::done, counts, {});
  if (!saved) co_return std::unexpected(saved.error());
  // Written before it is read: of two that finish together, both see that all are done, and write the same marker.
  const auto reports = co_await reports_->load_reports(context_, project_, shard_);
  if (!reports) co_return std::unexpected(reports.error());
  ShardsEnd end;
  IndexCounts sum;
  std::size_t done = 0;
  std::size_t failed = 0;
  for (const ShardReport& report : *reports) {
    if (report.state == ShardReport::State::failed) {
      ++failed;
      end.failure = fmt::format("shard {} of {}: {}", report.shard.index, report.shard.count, report.cause);
    }
    if (report.state != ShardReport::State::done) continue;
    ++done;
    sum.files += report.files;
    sum.chunks += report.chunks;
    sum.skipped += report.skipped;
  }
  if (done == shard_.count) end.sum = sum;
  if (done + failed < shard_.count) end.failure.clear();
  co_return end;
}

}  // namespace codehelper
