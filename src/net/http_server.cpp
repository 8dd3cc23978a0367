#include "codehelper/net/http_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <set>
#include <utility>
#include <vector>

#include "codehelper/net/task_group.hpp"
#include "codehelper/net/with_deadline.hpp"
#include "http_session.hpp"

namespace codehelper {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::size_t kRefusedAtOnce = 100;  // so many are told so; more are closed without a word

/// Commands that we start must not inherit it; Asio doesn't see to that (chriskohlhoff/asio#523).
void close_on_exec(int descriptor) {
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

Error describe_bind_failure(const HttpServerOptions& options, const boost::system::error_code& error) {
  const bool is_taken = error == asio::error::address_in_use;
  return Error{is_taken ? ErrorCode::conflict : ErrorCode::invalid_input,
               fmt::format("can't listen on host \"{}\", port {}: {}", options.host, options.port, error.message())};
}

Task<void> serve_session(std::shared_ptr<HttpSession> session) {
  co_await session->serve();
}
struct Refusal {
  int status;
  std::string_view error;
  std::string_view message;
};
constexpr Refusal kOverloaded{503, "overloaded", "the server has as many connections as it may; try again later"};
constexpr Refusal kTooMany{429, "too_many_connections", "this address has as many connections as it may"};

Task<void> refuse_session(std::shared_ptr<HttpSession> session, Refusal refusal) {
  co_await session->refuse(refusal.status, refusal.error, refusal.message);
}

}  // namespace

struct HttpServer::State {
  State(EventLoop& event_loop, Router router, HttpServerOptions options, Log log, Metrics& metrics)
      : loop(event_loop),
        tasks(event_loop, log),
        serving(std::make_shared<HttpServing>(HttpServing{.router = std::move(router),
                                                          .options = options,
                                                          .log = log,
                                                          .metrics = metrics,
                                                          .rate_limiter = RateLimiter(options.rate_limit)})) {}

  Result<void> listen_on(const tcp::endpoint& endpoint);
  void begin_session(tcp::socket socket, const tcp::endpoint& peer);
  /// Why there may be no further connection of `caller`; makes room by closing a waiting one where that helps.
  std::optional<Refusal> judge_connection(const CallerAddress& caller);
  /// Goes on whatever accept says: out of descriptors or memory is a state that passes, and must not be a busy loop.
  static Task<void> accept_from(std::shared_ptr<State> state, tcp::acceptor& acceptor);

  EventLoop& loop;
  TaskGroup tasks;
  std::shared_ptr<HttpServing> serving;
  std::vector<tcp::acceptor> acceptors;
};

Result<void> HttpServer::State::listen_on(const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(loop.context());
  boost::system::error_code error;
  boost::system::error_code ignored;  // without dual stack the IPv4 address has to be named
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    close_on_exec(acceptor.native_handle());
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), ignored);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return std::unexpected(describe_bind_failure(serving->options, error));
  acceptors.push_back(std::move(acceptor));
  return {};
}

std::optional<Refusal> HttpServer::State::judge_connection(const CallerAddress& caller) {
  const HttpServerOptions& options = serving->options;
  const std::size_t limit = options.max_connections_per_address;
  if (limit != 0 && !caller.is_loopback && serving->addresses.of(caller.text) >= limit) {
    serving->count_refusal("address_connections");
    return kTooMany;
  }
  if (serving->sessions.size() - serving->refused < options.max_connections) return std::nullopt;
  if (serving->waiting.empty()) {
    serving->count_refusal("connections");
    return kOverloaded;
  }
  serving->count_refusal("waiting_connections");
  serving->waiting.front().abort();
  return std::nullopt;
}

void HttpServer::State::begin_session(tcp::socket socket, const tcp::endpoint& peer) {
  close_on_exec(socket.native_handle());
  CallerAddress caller = describe_caller(peer.address());
  const auto refusal = judge_connection(caller);
  if (refusal && serving->refused >= kRefusedAtOnce) return;
  auto session = std::make_shared<HttpSession>(serving, std::move(socket), std::move(caller));
  if (refusal) {
    tasks.spawn("http_session", refuse_session(std::move(session), *refusal));
  } else {
    tasks.spawn("http_session", serve_session(std::move(session)));
  }
}

Task<void> HttpServer::State::accept_from(std::shared_ptr<State> state, tcp::acceptor& acceptor) {
  while (acceptor.is_open()) {
    tcp::endpoint peer;
    auto accepted = co_await acceptor.async_accept(peer, asio::as_tuple(asio::use_awaitable));
    auto& [error, socket] = accepted;
    if (!error) {
      state->begin_session(std::move(socket), peer);
      continue;
    }
    if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (error == asio::error::connection_aborted) continue;
    state->serving->log.warning("http_accept_failed", {{"cause", error.message()}});
    co_await sleep_for(kAcceptPause);
  }
}

HttpServer::HttpServer(EventLoop& loop, Router router, HttpServerOptions options, Log log, Metrics& metrics)
    : state_(std::make_shared<State>(loop, std::move(router), std::move(options), std::move(log), metrics)) {}

HttpServer::~HttpServer() {
  for (auto& acceptor : state_->acceptors) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
  for (HttpSession& session : state_->serving->sessions) session.abort();
}

Result<std::uint16_t> HttpServer::start() {
  const HttpServerOptions& options = state_->serving->options;
  boost::system::error_code error;
  tcp::resolver resolver(state_->loop.context());
  const auto found = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error) {
    return fail(ErrorCode::invalid_input, fmt::format("host \"{}\" is no address: {}", options.host, error.message()));
  }

  std::uint16_t port = options.port;
  Result<void> listening;
  std::set<asio::ip::address> addresses;  // a name may stand twice in the hosts file
  for (const auto& entry : found) {
    if (!addresses.insert(entry.endpoint().address()).second) continue;
    const tcp::endpoint endpoint(entry.endpoint().address(), port);
    auto bound = state_->listen_on(endpoint);
    if (!bound) {
      listening = std::move(bound);
    } else {
      port = state_->acceptors.back().local_endpoint().port();
    }
  }
  const bool is_taken = !listening && listening.error().code == ErrorCode::conflict;
  if (state_->acceptors.empty() || is_taken) {
    state_->acceptors.clear();
    return std::unexpected(listening.error());
  }
  for (auto& acceptor : state_->acceptors) {
    state_->tasks.spawn("http_accept", State::accept_from(state_, acceptor));
  }
  return port;
}

Task<void> HttpServer::drain(std::chrono::milliseconds limit) {
  auto state = state_;
  state->serving->is_draining = true;
  for (auto& acceptor : state->acceptors) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
  for (HttpSession& session : state->serving->sessions) session.begin_drain();

  auto join = [](TaskGroup& tasks) -> Task<Result<void>> {
    co_await tasks.join();
    co_return Result<void>{};
  };
  auto joined = join(state->tasks);
  const auto ended = co_await with_deadline(Deadline::after(limit), "draining", std::move(joined));
  if (ended) co_return;
  for (HttpSession& session : state->serving->sessions) session.abort();
  co_await state->tasks.join();
}

}  // namespace codehelper
