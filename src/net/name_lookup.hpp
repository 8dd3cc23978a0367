// Host name to addresses, without ever waiting for a lookup that hangs.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/net/task.hpp"

namespace codehelper {

/// At least one endpoint, in the system's order; `port` is a number. When the coroutine is cancelled it resumes at
/// once; the lookup itself can't be stopped and ends on its own, seen by nobody. Errors: unavailable when the name is
/// not known.
Task<Result<std::vector<boost::asio::ip::tcp::endpoint>>> look_up(std::string host, std::string port);

}  // namespace codehelper
