// What embedding servers are asked and answer, as values. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/embedder.hpp"
#include "codehelper/index/embedding_server.hpp"

namespace codehelper {

/// Why there are no vectors.
struct EmbeddingFailure {
  enum class Kind {
    hopeless,  // nothing like this will work until somebody does something
    passing,   // the same call may work a little later
    refused,   // one of the texts, or all, can't be embedded
  };
  Kind kind = Kind::hopeless;
  Error error;
  std::chrono::milliseconds pause{0};  // that the server asks for, of a passing one
};

std::string make_embedding_request(EmbeddingApi api, std::string_view model, std::span<const std::string> texts);

/// One vector of unit length (or zero) for each of `texts` texts, all of one dimension.
std::expected<std::vector<Embedding>, EmbeddingFailure> read_embeddings(EmbeddingApi api, const Result<HttpAnswer>& got,
                                                                        std::string_view model, std::size_t texts);

}  // namespace codehelper
