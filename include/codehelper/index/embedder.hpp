// Text to vectors. A seam: built in (no weights), and servers with Ollama's or OpenAI's API (embedding_server.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

using Embedding = std::vector<float>;  // unit length, or all zero for a text without a word

/// What a text is to a search: models that were trained for searching want to be told.
enum class TextRole { passage, question };

class Embedder {
 public:
  virtual ~Embedder() = default;

  /// Name and version; vectors of different identities can't be compared. Stored with the index.
  virtual std::string identity() const = 0;
  /// How much the likeness of its vectors says beside that of the words, which is 1: vectors that are made of words say
  /// little, those of a trained model as much (shared/retrieval.md sections 1 and 7).
  virtual double weight() const = 0;
  /// Of every vector. A server is asked once, so a first call can fail. Errors: as of embed().
  virtual Task<Result<std::size_t>> find_dimension(RequestContext context) = 0;
  /// One vector a text, in order. Errors: unavailable, bad_answer (of a server; the message says what to do), timeout,
  /// cancelled.
  virtual Task<Result<std::vector<Embedding>>> embed(RequestContext context, TextRole role,
                                                     std::vector<std::string> texts) = 0;
};

/// Feature hashing of identifier parts and their adjacent pairs (Weinberger et al., "Feature Hashing for Large Scale
/// Multitask Learning", ICML 2009), log term frequency. Deterministic on every machine. `loop` outlives it.
std::unique_ptr<Embedder> make_hashing_embedder(EventLoop& loop);

}  // namespace codehelper
