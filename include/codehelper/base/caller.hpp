// Who asks, and what he may.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "codehelper/base/error.hpp"

namespace codehelper {

/// None includes another.
enum class Scope : unsigned {
  read = 1,   // search, symbols, files, the state of projects, kept conversations
  chat = 2,   // questions to the crew, by whatever door; changes of conversations
  run = 4,    // commands in the sandbox
  admin = 8,  // what is indexed, and whatever else changes the server
};
inline constexpr std::array kScopes = {Scope::read, Scope::chat, Scope::run, Scope::admin};

std::string_view to_string(Scope scope);
std::optional<Scope> parse_scope(std::string_view name);

class ScopeSet {
 public:
  constexpr ScopeSet() = default;
  constexpr ScopeSet(Scope scope) : bits_(static_cast<unsigned>(scope)) {}  // one scope is a set of one
  static constexpr ScopeSet all() {
    ScopeSet set;
    for (const Scope scope : kScopes) set.add(scope);
    return set;
  }

  constexpr void add(Scope scope) { bits_ |= static_cast<unsigned>(scope); }
  constexpr bool has(Scope scope) const { return meets(scope); }
  constexpr bool meets(ScopeSet other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool is_empty() const { return bits_ == 0; }
  bool operator==(const ScopeSet&) const = default;

 private:
  unsigned bits_ = 0;
};

/// "read, chat"
std::string to_string(ScopeSet scopes);

/// By default someone who needs no token: this process itself, and whoever calls a server that asks for none.
struct Caller {
  std::string name = {};  // of the token
  ScopeSet scopes = ScopeSet::all();
};

/// Whether the caller has one of the scopes. Errors: forbidden; the message names what is missing.
Result<void> require_scope(const Caller& caller, ScopeSet any_of);

}  // namespace codehelper
