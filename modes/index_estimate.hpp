// How long a first index of a project takes on this machine, by trying a part of it.
#pragma once

#include <chrono>
#include <filesystem>

#include "codehelper/base/config.hpp"
#include "codehelper/index/index_plan.hpp"

namespace codehelper {

/// Cuts and embeds some of the planned files, for a second or two, and writes nothing. Within a factor of two or so.
/// Errors: those of the embedder.
Result<std::chrono::duration<double>> estimate_index_time(const Config& config, const std::filesystem::path& root,
                                                          const IndexPlan& plan);

}  // namespace codehelper
