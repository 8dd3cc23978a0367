// Which handler answers a method and a path, within which time and body size.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codehelper/net/http.hpp"

namespace codehelper {

struct Route {
  std::string method;  // HEAD is answered by the GET route, without the body
  std::string path;    // template: "/v1/models/{id}"; a parameter is one whole segment
  HttpHandler handler;
  std::chrono::milliseconds time_budget{30'000};
  std::size_t body_limit_bytes = std::size_t{64} * 1024;
  bool needs_token = true;  // false: answered without authentication
};

struct RouteMatch {
  const Route* route = nullptr;
  std::map<std::string, std::string> parameters;
};
struct NoSuchRoute {};
struct MethodNotAllowed {
  std::string allow;  // value of the Allow header: "GET, HEAD, POST"
};

class Router {
 public:
  /// Throws std::logic_error for a template that is already taken by that method.
  void add(Route route);
  /// `path` as sent, percent-encoded, without the query. Pointers stay valid while the router is not changed.
  std::variant<RouteMatch, NoSuchRoute, MethodNotAllowed> find(std::string_view method, std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace codehelper
