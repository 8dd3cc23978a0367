// Text to vectors. A seam: built in (no weights), later Ollama and OpenAI-compatible servers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

using Embedding = std::vector<float>;  // unit length, or all zero for a text without a word

class Embedder {
 public:
  virtual ~Embedder() = default;

  /// Name and version; vectors of different identities can't be compared. Stored with the index.
  virtual std::string identity() const = 0;
  virtual std::size_t dimension() const = 0;
  /// One vector a text, in order. Errors: unavailable, timeout.
  virtual Task<Result<std::vector<Embedding>>> embed(RequestContext context, std::vector<std::string> texts) = 0;
};

/// Feature hashing of identifier parts and their adjacent pairs (Weinberger et al., "Feature Hashing for Large Scale
/// Multitask Learning", ICML 2009), log term frequency. Deterministic on every machine. `loop` outlives it.
std::unique_ptr<Embedder> make_hashing_embedder(EventLoop& loop);

}  // namespace codehelper
