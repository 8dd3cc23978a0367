// The type of every coroutine: runs on the one event loop, is cancelled through Asio's cancellation slot.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace codehelper {

template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace codehelper
