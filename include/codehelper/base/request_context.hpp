// What travels with a piece of work: its id, the time by which it must end, and a log bound to the id. Passed by value.
// Cancellation does not travel here: it is Asio's cancellation slot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codehelper/base/deadline.hpp"
#include "codehelper/base/log.hpp"

namespace codehelper {

struct RequestContext {
  std::string request_id;
  Deadline deadline = Deadline::never();
  Log log = Log::none();

  RequestContext with_deadline(Deadline other) const {
    RequestContext copy = *this;
    copy.deadline = deadline.earlier(other);
    return copy;
  }
};

/// 1–128 visible ASCII characters: the rule for a request id taken from a caller.
bool is_valid_request_id(std::string_view id);
/// A random id of 32 hexadecimal digits.
std::string make_request_id();

/// The same for who makes many: asks the kernel for random bytes once for 64 of them.
class RequestIds {
 public:
  std::string next();

 private:
  std::array<std::uint64_t, 128> random_{};
  std::size_t used_ = random_.size();
};
/// A context for work that no request started: `prefix` and a new id, no deadline.
RequestContext make_background_context(const Log& log, std::string_view prefix);

}  // namespace codehelper
