// Tokens files with any bytes: each line is a token or a fault that names its number, and a token's line says the same
// again.
#include <cstdint>
#include <cstdlib>

#include "codehelper/base/text.hpp"
#include "codehelper/net/access.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_token(const AccessToken& token) {
  require(check_token_name(token.name).has_value());
  require(!token.scopes.is_empty() && token.sha256.size() == 64);
  const auto again = parse_access_tokens(format_access_token(token));
  require(again && again->size() == 1);
  require(again->front().name == token.name && again->front().scopes == token.scopes);
  require(again->front().sha256 == token.sha256);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tokens = parse_access_tokens(text);
  if (!tokens) {
    require(tokens.error().code == ErrorCode::invalid_input);
    for (const std::string_view fault : split_lines(tokens.error().message)) require(fault.starts_with("line "));
    return 0;
  }
  require(tokens->size() <= split_lines(text).size());
  for (const AccessToken& token : *tokens) check_token(token);
  return 0;
}
