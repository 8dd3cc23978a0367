#include "name_lookup.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <memory>

namespace codehelper {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Shared by the waiting coroutine and the lookup, of which either may end first.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver(executor), ended(executor, asio::steady_timer::time_point::max()) {}

  tcp::resolver resolver;
  asio::steady_timer ended;
  boost::system::error_code error = asio::error::operation_aborted;
  std::vector<tcp::endpoint> endpoints;
};

}  // namespace

Task<Result<std::vector<tcp::endpoint>>> look_up(std::string host, std::string port) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return std::vector{tcp::endpoint(address, static_cast<std::uint16_t>(std::stoul(port)))};

  auto executor = co_await asio::this_coro::executor;
  auto lookup = std::make_shared<Lookup>(executor);
  auto on_end = [lookup](boost::system::error_code error, const tcp::resolver::results_type& results) {
    lookup->error = error;
    for (const auto& entry : results) lookup->endpoints.push_back(entry.endpoint());
    lookup->ended.cancel();
  };
  lookup->resolver.async_resolve(host, port, on_end);
  co_await lookup->ended.async_wait(asio::as_tuple(asio::use_awaitable));

  if (lookup->error == asio::error::operation_aborted) {
    lookup->resolver.cancel();
    co_return fail(ErrorCode::cancelled, fmt::format("cancelled while looking up host {}", host));
  }
  if (lookup->error || lookup->endpoints.empty()) {
    co_return fail(ErrorCode::unavailable, fmt::format("host {} is unknown ({})", host, lookup->error.message()));
  }
  co_return std::move(lookup->endpoints);
}

}  // namespace codehelper
