// Lists of tokens for servers of tests.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "codehelper/net/access.hpp"

namespace codehelper::test {

inline std::shared_ptr<AccessList> make_access(std::vector<AccessToken> known) {
  return AccessList::open({.known = std::move(known)}).value();
}

/// One token with all scopes, as from the environment.
inline std::shared_ptr<AccessList> make_access(std::string_view token) {
  return make_access({describe_access_token(kEnvironmentTokenName, ScopeSet::all(), token)});
}

}  // namespace codehelper::test
