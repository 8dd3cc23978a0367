// Vectors of texts that were embedded before: a renamed file, a branch that comes back and the unchanged parts of an
// edited file need no embedder. A seam beside VectorStore, for stores that keep them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper {

/// Names the vector that an embedder makes of a text. Never 0.
std::int64_t vector_key(std::string_view embedder_identity, std::string_view text);

class VectorReuse {
 public:
  virtual ~VectorReuse() = default;

  /// One a key, in order; empty where there is none. Errors: those of VectorStore.
  virtual Task<Result<std::vector<Embedding>>> find_vectors(RequestContext context, Project project,
                                                            std::vector<std::int64_t> keys) = 0;
};

/// Over the indexes that open_embedded_store() writes in `data_dir`. `loop` outlives it.
std::unique_ptr<VectorReuse> open_embedded_vectors(EventLoop& loop, std::filesystem::path data_dir);

}  // namespace codehelper
