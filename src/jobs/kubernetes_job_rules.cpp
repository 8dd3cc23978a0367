#include "kubernetes_job_rules.hpp"

#include <algorithm>

namespace codehelper {

StartStep next_start_step(const std::optional<KubernetesJob>& found, std::string_view own_start_id) {
  if (!found) return StartStep::create;
  if (!found->start_id.empty() && found->start_id == own_start_id) return StartStep::already_started;
  if (found->is_being_deleted) return StartStep::wait;
  return found->phase == KubernetesJob::Phase::active ? StartStep::conflict : StartStep::replace;
}

std::optional<IndexProgress> add_up(const std::vector<IndexProgress>& shards) {
  if (shards.empty()) return std::nullopt;
  IndexProgress sum;
  for (const IndexProgress& shard : shards) {
    sum.files_done += shard.files_done;
    sum.files_total += shard.files_total;
    sum.chunks += shard.chunks;
    sum.embedded_files += shard.embedded_files;
    sum.embedded_chunks += shard.embedded_chunks;
    sum.seconds = std::max(sum.seconds, shard.seconds);
  }
  return sum;
}

}  // namespace codehelper
