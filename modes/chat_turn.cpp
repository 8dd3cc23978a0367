#include "chat_turn.hpp"

#include <fmt/format.h>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <optional>

#include "chat_display.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/net/task_group.hpp"

namespace codehelper {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// The answer under way, and how it is stopped.
class Asking {
 public:
  explicit Asking(ChatTurn& turn)
      : client_(turn.client),
        err_(turn.terminal.err),
        display_(turn.terminal, turn.json ? ChatDisplay::Format::json : ChatDisplay::Format::text),
        group_(client_.loop(), Log::none()),
        interrupts_(client_.loop().context(), SIGINT) {}

  Task<Result<json::object>> run(json::object body) {
    group_.spawn("follow", follow(std::move(body)));
    wait_for_interrupt();
    co_await group_.join();
    interrupts_.cancel();
    if (outcome_ && *outcome_) {
      const auto shown = display_.finish(**outcome_);
      if (!shown) co_return std::unexpected(shown.error());
      co_return std::move(**outcome_);
    }
    display_.break_off();
    if (is_stopping_) co_return fail(ErrorCode::cancelled, "the answer was stopped");
    co_return std::unexpected(outcome_ ? outcome_->error() : foreign_answer());
  }

 private:
  Task<void> follow(json::object body) {
    CrewClient::EventSink sink = [this](std::string_view event, const json::object& data) {
      if (event == "started") run_id_ = text_in(data, "run_id");
      display_.take(event, data);
    };
    auto following = client_.follow({"POST", "/chat", std::move(body)}, std::move(sink));
    auto outcome = co_await std::move(following);
    outcome_ = std::move(outcome);
  }

  // Its answer doesn't matter: that of the run says how that ended.
  Task<void> stop_run() {
    auto stopping = client_.send({"DELETE", "/chat/" + run_id_});
    co_await std::move(stopping);
  }

  void wait_for_interrupt() {
    interrupts_.async_wait([this](boost::system::error_code error, int) {
      if (!error) interrupt();
    });
  }

  // By its run's name; whoever asks again, or asks before there is a name, leaves, which stops the run as well.
  void interrupt() {
    if (is_stopping_ || run_id_.empty()) {
      is_stopping_ = true;
      group_.cancel_all();
      return;
    }
    is_stopping_ = true;
    display_.break_off();
    fmt::print(stderr, "{}\n", err_.paint(Tone::dim, "stopping…"));
    group_.spawn("stop", stop_run());
    wait_for_interrupt();
  }

  CrewClient& client_;
  TextStyle err_;
  ChatDisplay display_;
  TaskGroup group_;
  asio::signal_set interrupts_;
  std::string run_id_;
  bool is_stopping_ = false;
  std::optional<Result<json::object>> outcome_;
};

}  // namespace

Result<json::object> ask(ChatTurn turn, json::object body) {
  Asking asking(turn);
  return run_until_done(turn.client.loop(), asking.run(std::move(body)));
}

}  // namespace codehelper
