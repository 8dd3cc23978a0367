// Who may use a server: bearer tokens with names and scopes. A token itself is never kept, only its SHA-256.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/caller.hpp"
#include "codehelper/base/error.hpp"
#include "codehelper/base/log.hpp"

namespace codehelper {

struct AccessToken {
  std::string name;    // 1 to 64 letters, digits, dots, dashes and underscores
  ScopeSet scopes;     // at least one
  std::string sha256;  // of the token: 64 lower-case hexadecimal digits
};

// Names that no token of a file has.
inline constexpr std::string_view kEnvironmentTokenName = "environment";  // CODEHELPER_API_TOKEN or _RUNNER_TOKEN
inline constexpr std::string_view kOwnTokenName = "codehelper";           // what a server shows to itself

/// 256 random bits as text.
std::string make_access_token();
/// What is kept of the token `text`.
AccessToken describe_access_token(std::string_view name, ScopeSet scopes, std::string_view text);

/// A tokens file has a token a line, as "NAME SCOPE,SCOPE sha256:DIGITS"; "#" begins a comment. Pure. Errors:
/// invalid_input with all faults, each on a line of its own that begins with "line 3: ".
Result<std::vector<AccessToken>> parse_access_tokens(std::string_view text);
/// The line of a token, without a line feed.
std::string format_access_token(const AccessToken& token);
/// Scopes with commas between them. Errors: invalid_input, with the names there are.
Result<ScopeSet> parse_scopes(std::string_view text);
/// Whether `name` can be a token's. Errors: invalid_input with the rule that it breaks.
Result<void> check_token_name(std::string_view name);

/// The WWW-Authenticate field that goes with 403 (RFC 6750, section 3.1).
std::string missing_scope_challenge(ScopeSet needed);

/// The tokens that a server takes. On the loop's thread only.
class AccessList {
 public:
  struct Options {
    std::vector<AccessToken> known = {};
    std::filesystem::path file = {};  // a tokens file; empty = none
    Log log = Log::none();
  };
  /// Errors: invalid_input for a file that can't be read, that others than its owner and group may read, or that has
  /// faults.
  static Result<std::shared_ptr<AccessList>> open(Options options);

  /// Whose token it is; nothing = nobody's. Takes as long whichever it is, and looks at the file first: a change holds
  /// from the next request on. A file that has gone bad changes nothing; the log says so once.
  std::optional<Caller> identify(std::string_view token);

 private:
  explicit AccessList(Options options);
  Result<void> load();
  void follow_file();

  std::filesystem::path file_;
  Log log_;
  std::vector<AccessToken> known_;
  std::vector<AccessToken> from_file_;
  std::string file_version_;
};

}  // namespace codehelper
