#include "codehelper/base/request_context.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

namespace codehelper {

bool is_valid_request_id(std::string_view id) {
  const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, is_visible);
}

std::string make_request_id() {
  std::array<std::uint64_t, 2> random{};
  if (::getrandom(random.data(), sizeof random, 0) != static_cast<ssize_t>(sizeof random)) {
    throw std::runtime_error("the kernel gives no random bytes");
  }
  return fmt::format("{:016x}{:016x}", random[0], random[1]);
}

RequestContext make_background_context(const Log& log, std::string_view prefix) {
  std::string id = fmt::format("{}-{}", prefix, make_request_id());
  Log bound = log.bound_to(id);
  return RequestContext{std::move(id), Deadline::never(), std::move(bound)};
}

}  // namespace codehelper
