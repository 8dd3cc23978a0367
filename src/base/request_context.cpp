#include "codehelper/base/request_context.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>

namespace codehelper {

namespace {

void fill_randomly(std::span<std::uint64_t> numbers) {
  std::span<std::byte> rest = std::as_writable_bytes(numbers);
  while (!rest.empty()) {
    const ssize_t size = ::getrandom(rest.data(), rest.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) throw std::runtime_error("the kernel gives no random bytes");
    rest = rest.subspan(static_cast<std::size_t>(size));
  }
}

std::string to_hex(std::uint64_t high, std::uint64_t low) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::size_t kHalf = 16;
  std::string text(2 * kHalf, '0');
  for (std::size_t i = kHalf; i > 0; --i, high >>= 4, low >>= 4) {
    text[i - 1] = kDigits[high & 15];
    text[kHalf + i - 1] = kDigits[low & 15];
  }
  return text;
}

}  // namespace

bool is_valid_request_id(std::string_view id) {
  const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, is_visible);
}

std::string make_request_id() {
  std::array<std::uint64_t, 2> random{};
  fill_randomly(random);
  return to_hex(random[0], random[1]);
}

std::string RequestIds::next() {
  if (used_ == random_.size()) {
    fill_randomly(random_);
    used_ = 0;
  }
  const std::uint64_t high = std::exchange(random_[used_], 0);
  const std::uint64_t low = std::exchange(random_[used_ + 1], 0);
  used_ += 2;
  return to_hex(high, low);
}

RequestContext make_background_context(const Log& log, std::string_view prefix) {
  std::string id = fmt::format("{}-{}", prefix, make_request_id());
  Log bound = log.bound_to(id);
  return RequestContext{std::move(id), Deadline::never(), std::move(bound)};
}

}  // namespace codehelper
