#include "codehelper/net/router.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "request_target.hpp"

namespace codehelper {

namespace {

/// Takes the segment after the leading slash off the front of `path`.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

/// The parameters when `path` fits `pattern`. An empty segment fits no parameter.
std::optional<std::map<std::string, std::string>> match(std::string_view pattern, std::string_view path) {
  std::map<std::string, std::string> parameters;
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view expected = take_segment(pattern);
    const auto actual = percent_decode(take_segment(path));
    if (!actual) return std::nullopt;
    if (is_parameter(expected) && !actual->empty()) {
      parameters.emplace(expected.substr(1, expected.size() - 2), *actual);
    } else if (expected != *actual) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parameters;
}

/// "GET, HEAD, POST", each once, of the methods of routes.
std::string describe_methods(std::vector<std::string_view> methods) {
  if (std::ranges::find(methods, "GET") != methods.end()) methods.push_back("HEAD");
  std::ranges::sort(methods);
  const auto repeated = std::ranges::unique(methods);
  methods.erase(repeated.begin(), repeated.end());

  std::string text;
  for (const std::string_view method : methods) {
    if (!text.empty()) text += ", ";
    text += method;
  }
  return text;
}

}  // namespace

void Router::add(Route route) {
  const auto is_same = [&](const Route& other) { return other.method == route.method && other.path == route.path; };
  if (std::ranges::any_of(routes_, is_same)) {
    throw std::logic_error("route is already taken: " + route.method + " " + route.path);
  }
  routes_.push_back(std::move(route));
}

void Router::shape_errors(std::string prefix, ErrorShape shape) {
  shapes_.emplace_back(std::move(prefix), std::move(shape));
}

HttpReply Router::shape_reply(std::string_view path, HttpReply reply) const {
  constexpr int kFirstError = 400;
  if (reply.status < kFirstError) return reply;
  const auto found = std::ranges::find_if(shapes_, [&](const auto& entry) { return path.starts_with(entry.first); });
  return found == shapes_.end() ? std::move(reply) : found->second(std::move(reply));
}

std::variant<RouteMatch, NoSuchRoute, MethodNotAllowed> Router::find(std::string_view method,
                                                                     std::string_view path) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::optional<RouteMatch> best;
  std::vector<std::string_view> others;
  for (const Route& route : routes_) {
    auto parameters = match(route.path, path);
    if (!parameters) continue;
    if (route.method != wanted) {
      others.push_back(route.method);
      continue;
    }
    if (parameters->empty()) return RouteMatch{&route, {}};  // a literal template is nearer than one with parameters
    if (!best) best = RouteMatch{&route, std::move(*parameters)};
  }
  if (best) return std::move(*best);
  if (others.empty()) return NoSuchRoute{};
  return MethodNotAllowed{describe_methods(std::move(others))};
}

std::string Router::allowed_methods() const {
  std::vector<std::string_view> methods{"OPTIONS"};
  for (const Route& route : routes_) methods.push_back(route.method);
  return describe_methods(std::move(methods));
}

}  // namespace codehelper
