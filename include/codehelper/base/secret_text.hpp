// Strings that look like secrets in any text, and their being masked before the text leaves: to a model, a log, a
// stored conversation, an answer.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace codehelper {

struct MaskedText {
  std::string text;       // as many lines as before
  std::size_t count = 0;  // secrets that were masked
};

/// Keys and tokens of known shapes (cloud providers, code forges, chat and payment services, JSON web tokens), private
/// keys with all their lines, passwords in connection strings and URLs, and values of high entropy that are assigned to
/// a name such as password, token or api_key. Each becomes `[masked: <what>]`. Placeholders ("changeme", "<your key>",
/// "${TOKEN}"), hashes, UUIDs and calls of functions stay. Pure; linear in the text's length.
MaskedText mask_secrets(std::string_view text);
/// Every string in `value`, at any depth, as what its field's name says that it is; no name. Returns how many were.
std::size_t mask_secrets_in(boost::json::value& value);

}  // namespace codehelper
