// Which handler answers a method and a path, within which time and body size.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "codehelper/base/caller.hpp"
#include "codehelper/net/http.hpp"

namespace codehelper {

struct Route {
  std::string method;  // HEAD is answered by the GET route, without the body
  std::string path;    // template: "/v1/models/{id}"; a parameter is one whole segment
  HttpHandler handler = {};
  std::chrono::milliseconds time_budget{30'000};
  std::size_t body_limit_bytes = std::size_t{64} * 1024;
  // Where the server asks for tokens the caller's must have one of these; empty = answered without a token.
  ScopeSet scopes = Scope::admin;
};

struct RouteMatch {
  const Route* route = nullptr;
  std::map<std::string, std::string> parameters;
};
struct NoSuchRoute {};
struct MethodNotAllowed {
  std::string allow;  // value of the Allow header: "GET, HEAD, POST"
};

/// Makes the answer that a door's callers understand of one with the error envelope; the status stays.
using ErrorShape = std::function<HttpReply(HttpReply)>;

class Router {
 public:
  /// Throws std::logic_error for a template that is already taken by that method.
  void add(Route route);
  /// `path` as sent, percent-encoded, without the query. Pointers stay valid while the router is not changed.
  std::variant<RouteMatch, NoSuchRoute, MethodNotAllowed> find(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }
  /// The methods that any path takes, and OPTIONS, as a value of the Allow header.
  std::string allowed_methods() const;

  /// Errors of all paths that begin with `prefix` are given to `shape`, those that the server makes itself too.
  void shape_errors(std::string prefix, ErrorShape shape);
  /// `reply` as it goes to the caller of `path`.
  HttpReply shape_reply(std::string_view path, HttpReply reply) const;

 private:
  std::vector<Route> routes_;
  std::vector<std::pair<std::string, ErrorShape>> shapes_;
};

}  // namespace codehelper
