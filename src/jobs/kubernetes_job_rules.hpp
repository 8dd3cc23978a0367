// What to do about the Job that is found where one is to be started. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "kubernetes_objects.hpp"

namespace codehelper {

enum class StartStep {
  create,           // there is none
  replace,          // it has finished: delete it, then create
  wait,             // it is on its way out
  already_started,  // it is ours: an earlier try had its effect though its answer was lost
  conflict,         // it is somebody else's, and active
};
StartStep next_start_step(const std::optional<KubernetesJob>& found, std::string_view own_start_id);

/// Of the shards of one Job that run side by side. Nothing when none has reported.
std::optional<IndexProgress> add_up(const std::vector<IndexProgress>& shards);

}  // namespace codehelper
