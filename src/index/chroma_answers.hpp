// Chroma's answers as values: what its errors mean and what to do about them. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "chroma_api.hpp"

namespace codehelper {

struct ChromaFailure {
  Error error;
  bool may_pass = false;  // whether the same call may work a little later
};

/// The answer when its status is 2xx. `call` is named in messages by its size only.
std::expected<HttpAnswer, ChromaFailure> read_chroma_answer(Result<HttpAnswer> answer, const HttpCall& call);

/// Errors of all: bad_answer when the text is not what Chroma answers.
Result<ChromaCollection> parse_chroma_collection(std::string_view text);
/// Of get (flat arrays) and of query with one vector (arrays in arrays).
Result<ChromaRecords> parse_chroma_records(std::string_view text);
Result<std::uint64_t> parse_chroma_count(std::string_view text);

/// Whether `answer` is how Chroma says that there is no such collection; other servers' 404 is something else.
bool is_chroma_not_found(const HttpAnswer& answer);

}  // namespace codehelper
