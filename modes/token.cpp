// Makes a token for a tokens file. Nothing keeps it: whoever loses it makes another.
#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "codehelper/net/access.hpp"
#include "modes.hpp"

namespace codehelper {

int run_token(const Config&, const Arguments& arguments) {
  const auto named = check_token_name(arguments.text);
  const auto scopes = parse_scopes(arguments.scopes);
  if (!named || !scopes) {
    fail_mode("token", named ? scopes.error() : named.error());
    return kExitUsage;
  }
  const std::string token = make_access_token();
  const std::string line = format_access_token(describe_access_token(arguments.text, *scopes, token));
  if (arguments.json) {
    const boost::json::object made{{"name", arguments.text}, {"token", token}, {"line", line}};
    fmt::print("{}\n", boost::json::serialize(made));
    return kExitDone;
  }
  fmt::print(stderr, "the token, which is shown this once: {}\nthe line for the tokens file:\n", token);
  fmt::print("{}\n", line);
  return kExitDone;
}

}  // namespace codehelper
