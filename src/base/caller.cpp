#include "codehelper/base/caller.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace codehelper {

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::read:
      return "read";
    case Scope::chat:
      return "chat";
    case Scope::run:
      return "run";
    case Scope::admin:
      return "admin";
  }
  return "";
}

std::optional<Scope> parse_scope(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(kScopes, [name](Scope scope) { return codehelper::to_string(scope) == name; });
  return found == kScopes.end() ? std::nullopt : std::optional(*found);
}

std::string to_string(ScopeSet scopes) {
  std::string text;
  for (const Scope scope : kScopes) {
    if (!scopes.has(scope)) continue;
    if (!text.empty()) text += ", ";
    text += to_string(scope);
  }
  return text;
}

Result<void> require_scope(const Caller& caller, ScopeSet any_of) {
  if (caller.scopes.meets(any_of)) return {};
  return fail(ErrorCode::forbidden, fmt::format("the token \"{}\" lacks the scope {}, which this needs; it has {}",
                                                caller.name, to_string(any_of), to_string(caller.scopes)));
}

}  // namespace codehelper
