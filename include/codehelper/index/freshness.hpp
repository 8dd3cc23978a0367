// Whether an index is that of the files of now, and its being brought up to date before a question is answered.
#pragma once

#include <cstdint>
#include <optional>

#include "codehelper/index/project.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

class Freshness {
 public:
  virtual ~Freshness() = default;

  /// For a question: when files changed since the index, has them indexed and waits for it a few seconds at most.
  /// How many files changed and are not in the index yet; nothing where that can't be told.
  virtual Task<std::optional<std::uint64_t>> refresh(RequestContext context, Project project) = 0;
  /// For a status: the same number as far as it is known, without waiting.
  virtual std::optional<std::uint64_t> look(Project project) = 0;
};

}  // namespace codehelper
