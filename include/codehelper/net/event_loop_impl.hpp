#pragma once

#include <exception>
#include <optional>

namespace codehelper {

template <class T>
T run_until_done(EventLoop& loop, Task<T> task) {
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(loop.executor(), std::move(task), [&](std::exception_ptr error) {
      failure = error;
      loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> value;
    boost::asio::co_spawn(loop.executor(), std::move(task), [&](std::exception_ptr error, T result) {
      failure = error;
      if (!error) value.emplace(std::move(result));
      loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
}

}  // namespace codehelper
