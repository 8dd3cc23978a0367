#include "codehelper/net/http_client.hpp"

#include "client_exchange.hpp"
#include "codehelper/base/elapsed.hpp"
#include "codehelper/net/with_deadline.hpp"
#include "connection_pool.hpp"
#include "name_lookup.hpp"
#include "request_head.hpp"
#include "tls_client.hpp"

#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

namespace codehelper {

namespace asio = boost::asio;

namespace {

constexpr int kMaxTries = 3;
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kSecondPause{300};
constexpr std::chrono::seconds kIdleLimit{30};
constexpr std::chrono::milliseconds kLongestLimit = std::chrono::hours(24 * 365);  // keeps time points in range

bool is_safe_to_repeat(const HttpCall& call) {
  return call.safe_to_repeat || call.method == "GET" || call.method == "HEAD";
}

void record_call(Metrics& metrics, const std::string& role, const Result<HttpAnswer>& answer, double seconds) {
  const std::string outcome =
      answer ? fmt::format("{}xx", answer->status / 100) : std::string(to_string(answer.error().code));
  metrics.count("codehelper_outbound_calls_total", "Calls of other services by peer and outcome.",
                {{"peer", role}, {"outcome", outcome}});
  metrics.observe("codehelper_outbound_call_seconds", "How long calls of other services took, by peer.",
                  {{"peer", role}}, {0.01, 0.1, 0.5, 1, 5, 10, 30, 60}, seconds);
}

}  // namespace

struct HttpClient::State {
  using TryResult = std::expected<HttpAnswer, TryFailure>;
  using Opened = std::expected<std::unique_ptr<ClientConnection>, TryFailure>;

  /// One call, whose limit is fixed.
  struct Work {
    RequestContext context;  // its deadline is that of the call
    HttpCall call;
    BodySink sink;
  };

  State(EventLoop& loop, Url url, HttpClientOptions given)
      : executor(loop.executor()),
        base(std::move(url)),
        options(std::move(given)),
        peer(base.host.contains(':') ? fmt::format("[{}]:{}", base.host, base.port) : base.host + ":" + base.port),
        pool(options.max_idle_connections, kIdleLimit),
        random(std::random_device{}()) {}

  static Task<Result<HttpAnswer>> run(std::shared_ptr<State> self, Work work);
  static Task<Result<HttpAnswer>> run_in_time(std::shared_ptr<State> self, Work work);
  static Task<Result<HttpAnswer>> run_to_cancellation(std::shared_ptr<State> self, Work work);
  Task<Result<HttpAnswer>> try_repeatedly(const Work& work);
  Task<TryResult> try_on(std::unique_ptr<ClientConnection> connection, const Work& work);
  Task<TryResult> try_fresh(const Work& work);
  Task<Opened> open();
  std::unexpected<TryFailure> failed_try(Error error, Repeat repeat) const {
    return std::unexpected(TryFailure{fail_with_context(peer, std::move(error)).error(), repeat});
  }

  std::chrono::milliseconds pause_before(int attempt) {
    const auto base_pause = attempt <= 2 ? kFirstPause : kSecondPause;
    std::uniform_int_distribution<std::int64_t> jitter(0, base_pause.count() / 4);
    return base_pause + std::chrono::milliseconds(jitter(random));
  }

  asio::any_io_executor executor;
  Url base;
  HttpClientOptions options;
  std::string peer;  // "host:port", for messages
  std::optional<asio::ssl::context> tls;
  ConnectionPool pool;
  std::minstd_rand random;
};

Task<Result<HttpAnswer>> HttpClient::State::run(std::shared_ptr<State> self, Work work) {
  const auto begin = Deadline::Clock::now();
  auto answer = co_await run_in_time(self, std::move(work));
  if (self->options.metrics != nullptr) {
    record_call(*self->options.metrics, self->options.role, answer, seconds_since(begin));
  }
  co_return answer;
}

Task<Result<HttpAnswer>> HttpClient::State::run_in_time(std::shared_ptr<State> self, Work work) {
  auto checked = check_call(work.call);
  if (!checked) co_return std::unexpected(std::move(checked.error()));

  work.context = work.context.with_deadline(Deadline::after(std::min(work.call.limit, kLongestLimit)));
  const auto deadline = work.context.deadline;
  auto what = fmt::format("the call to {} (limit {} ms)", self->peer, deadline.remaining().count());
  if (deadline.passed()) co_return fail(ErrorCode::timeout, what + " had no time left");
  auto running = run_to_cancellation(std::move(self), std::move(work));
  co_return co_await with_deadline(deadline, std::move(what), std::move(running));
}

/// Asio reports cancellation as an exception from the next await; callers get it as an error.
Task<Result<HttpAnswer>> HttpClient::State::run_to_cancellation(std::shared_ptr<State> self, Work work) {
  Result<HttpAnswer> answer;
  try {
    answer = co_await self->try_repeatedly(work);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
    answer = fail(ErrorCode::cancelled, "operation aborted");
  }
  auto cancellation = co_await asio::this_coro::cancellation_state;
  if (!answer && cancellation.cancelled() != asio::cancellation_type::none) {
    co_return fail(ErrorCode::cancelled, fmt::format("the call to {} was cancelled", self->peer));
  }
  co_return answer;
}

Task<Result<HttpAnswer>> HttpClient::State::try_repeatedly(const Work& work) {
  for (int attempt = 1;; ++attempt) {
    auto pooled = attempt == 1 ? pool.take() : nullptr;
    const bool was_pooled = pooled != nullptr;
    auto trying = was_pooled ? try_on(std::move(pooled), work) : try_fresh(work);
    auto tried = co_await std::move(trying);
    if (tried) co_return std::move(*tried);

    const auto repeat = tried.error().repeat;
    const bool may_repeat = repeat == Repeat::always || (repeat == Repeat::if_safe && is_safe_to_repeat(work.call));
    if (!may_repeat || attempt == kMaxTries) co_return std::unexpected(std::move(tried.error().error));
    if (was_pooled) {
      pool.clear();  // the others are as old: the server was restarted, or closes what is idle
      continue;
    }
    auto slept = co_await sleep_for(pause_before(attempt + 1));
    if (!slept) co_return std::unexpected(std::move(slept.error()));
  }
}

Task<HttpClient::State::TryResult> HttpClient::State::try_fresh(const Work& work) {
  auto opened = co_await open();
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  co_return co_await try_on(std::move(*opened), work);
}

Task<HttpClient::State::TryResult> HttpClient::State::try_on(std::unique_ptr<ClientConnection> connection,
                                                             const Work& work) {
  const auto head = make_request_head(base, work.call, options.token, work.context.request_id, work.context.deadline);
  const ClientExchange exchange{peer, work.call.method, head, work.call.body, work.call.answer_limit_bytes, work.sink};
  auto ended = co_await run_client_exchange(*connection, exchange);
  if (!ended) co_return std::unexpected(std::move(ended.error()));
  if (ended->leaves_connection_open) pool.put(std::move(connection));
  co_return std::move(ended->answer);
}

Task<HttpClient::State::Opened> HttpClient::State::open() {
  const auto deadline = Deadline::after(std::min(options.connect_limit, kLongestLimit));
  const auto what = fmt::format("connecting (limit {} ms)", options.connect_limit.count());
  auto looking_up = look_up(base.host, base.port);
  auto found = co_await with_deadline(deadline, what, std::move(looking_up));
  if (!found) co_return failed_try(std::move(found.error()), Repeat::never);

  auto connection = std::make_unique<ClientConnection>(executor, tls ? &*tls : nullptr);
  auto connected = co_await connection->connect(std::move(*found), deadline);
  if (!connected) {
    const auto repeat = connected.error().code == ErrorCode::timeout ? Repeat::never : Repeat::always;
    co_return failed_try(std::move(connected.error()), repeat);
  }

  auto shaking_hands = connection->shake_hands(options.tls.server_name.empty() ? base.host : options.tls.server_name);
  auto shaken = co_await with_deadline(deadline, what, std::move(shaking_hands));
  if (!shaken) co_return failed_try(std::move(shaken.error()), Repeat::never);
  if (*shaken == ClientConnection::Handshake::done) co_return connection;
  const auto repeat = *shaken == ClientConnection::Handshake::refused ? Repeat::never : Repeat::always;
  co_return failed_try({ErrorCode::unavailable, connection->handshake_problem()}, repeat);
}

Result<std::unique_ptr<HttpClient>> HttpClient::make(EventLoop& loop, HttpClientOptions options) {
  auto url = parse_url(options.base_url);
  if (!url) return std::unexpected(std::move(url.error()));
  if (!is_header_value(options.token)) {
    return fail(ErrorCode::invalid_input, fmt::format("the token for {} contains a control character", url->host));
  }
  std::optional<asio::ssl::context> tls;
  if (url->scheme == "https") {
    auto made = make_client_tls_context(options.tls);
    if (!made) return std::unexpected(std::move(made.error()));
    tls.emplace(std::move(*made));
  }
  auto state = std::make_shared<State>(loop, std::move(*url), std::move(options));
  state->tls = std::move(tls);
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

HttpClient::HttpClient(std::shared_ptr<State> state) : state_(std::move(state)) {}

HttpClient::~HttpClient() = default;

Task<Result<HttpAnswer>> HttpClient::call(RequestContext context, HttpCall call) {
  return stream(std::move(context), std::move(call), {});
}

Task<Result<HttpAnswer>> HttpClient::stream(RequestContext context, HttpCall call, BodySink sink) {
  return State::run(state_, {std::move(context), std::move(call), std::move(sink)});
}

}  // namespace codehelper
