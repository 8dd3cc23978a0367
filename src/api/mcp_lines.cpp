// The Model Context Protocol over two descriptors: one message a line.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <deque>
#include <memory>

#include "codehelper/api/mcp.hpp"
#include "codehelper/base/json_text.hpp"
#include "codehelper/net/sse.hpp"
#include "codehelper/net/task_group.hpp"
#include "mcp_calls.hpp"

namespace codehelper {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kLineBytes = std::size_t{8} * 1024 * 1024;
constexpr std::chrono::minutes kCallLimit{10};

/// A descriptor that is waited for on the loop; a regular file can't be, and is never waited for long.
class Channel {
 public:
  Channel(EventLoop& loop, int descriptor)
      : loop_(loop), number_(descriptor), flags_(::fcntl(descriptor, F_GETFL)), stream_(loop.context()) {
    struct stat facts{};
    is_file_ = ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
    if (!is_file_) stream_.assign(descriptor);
  }
  /// Whoever shares the descriptor doesn't expect it not to block.
  ~Channel() {
    if (!is_file_) stream_.release();
    ::fcntl(number_, F_SETFL, flags_);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Empty at the end, and when nothing can be read any more.
  Task<std::string> read() {
    std::string bytes(std::size_t{64} * 1024, '\0');
    if (is_file_) {
      auto read_file = [this, &bytes] { return ::read(number_, bytes.data(), bytes.size()); };
      const ssize_t size = co_await loop_.run_blocking(std::move(read_file));
      bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
      co_return bytes;
    }
    auto done = co_await stream_.async_read_some(asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
    auto& [error, size] = done;
    bytes.resize(error ? 0 : size);
    co_return bytes;
  }

  /// What waits to be read or written is then over.
  void stop() { stream_.cancel(); }
  /// False when nobody reads any more.
  Task<bool> write(const std::string& bytes) {
    if (is_file_) {
      auto write_file = [this, &bytes] { return ::write(number_, bytes.data(), bytes.size()); };
      co_return co_await loop_.run_blocking(std::move(write_file)) == static_cast<ssize_t>(bytes.size());
    }
    auto done = co_await asio::async_write(stream_, asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
    co_return !std::get<0>(done);
  }

 private:
  EventLoop& loop_;
  int number_;
  int flags_;
  bool is_file_ = false;
  asio::posix::stream_descriptor stream_;
};

class McpLines {
 public:
  McpLines(EventLoop& loop, McpTools& tools, RequestContext context, int input, int output)
      : context_(std::move(context)),
        tools_(tools),
        protocol_(tools.instructions(), tools.list()),
        input_(loop, input),
        output_(loop, output),
        runs_(loop),
        calls_(runs_),
        group_(loop, context_.log) {}

  Task<void> serve() {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::string rest;
    while (!is_over_) {
      const std::string bytes = co_await input_.read();
      if (bytes.empty()) break;
      rest += bytes;
      while (const auto line = take_line(rest)) take_message(*line);
      if (rest.size() > kLineBytes) break;
    }
    // Calls may still be answered after the end of the input, but not after a cancel.
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool was_cancelled = state.cancelled() != asio::cancellation_type::none;
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    if (was_cancelled) group_.cancel_all();
    co_await group_.join();
    co_await runs_.shut_down();
  }

 private:
  static std::optional<std::string> take_line(std::string& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = text.substr(0, end);
    text.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

  void take_message(const std::string& line) {
    if (line.empty()) return;
    McpStep step = protocol_.take(line, nullptr, ScopeSet::all());
    if (const auto* reply = std::get_if<McpReply>(&step)) {
      if (reply->message) send(to_json_text(*reply->message));
    } else if (const auto* cancel = std::get_if<McpCancel>(&step)) {
      calls_.cancel("", cancel->request_id);
    } else {
      begin_call(std::get<McpCall>(std::move(step)));
    }
  }

  void begin_call(McpCall call) {
    RequestContext context = make_background_context(context_.log, "mcp");
    context.deadline = Deadline::after(kCallLimit);
    auto run = start_mcp_call(runs_, tools_, context, call, OnDisconnect::cancel);
    calls_.add("", call.id, *run);
    group_.spawn("mcp_call", tell_call(std::move(context), std::move(call), std::move(run)));
  }

  /// What a run has to tell, as lines; a comment of an event stream is none.
  class LineWriter : public BodyWriter {
   public:
    explicit LineWriter(McpLines& lines) : lines_(lines) {}
    Task<Result<void>> write(std::string bytes) override {
      if (bytes != kSseKeepAlive) lines_.send_lines(std::move(bytes));
      co_return Result<void>{};
    }

   private:
    McpLines& lines_;
  };

  Task<void> tell_call(RequestContext context, McpCall call, std::shared_ptr<ChatRun> run) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const HttpReply told = ChatRuns::follow(std::move(run), 0, [call](std::size_t, const RunEvent& event) {
      std::string message = make_mcp_message(call, event);
      return message.empty() ? message : message + "\n";
    });
    LineWriter writer(*this);
    (void)co_await told.stream(std::move(context), writer);
  }

  void send(std::string message) { send_lines(message + "\n"); }

  void send_lines(std::string lines) {
    waiting_ += lines;
    if (!std::exchange(is_writing_, true)) group_.spawn("mcp_output", write_waiting());
  }

  Task<void> write_waiting() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!waiting_.empty()) {
      const std::string lines = std::exchange(waiting_, {});
      if (!co_await output_.write(lines)) is_over_ = true;
    }
    is_writing_ = false;
    if (!is_over_) co_return;
    input_.stop();
    group_.cancel_all();
  }

  RequestContext context_;
  McpTools& tools_;
  McpProtocol protocol_;
  Channel input_;
  Channel output_;
  ChatRuns runs_;
  McpSessionCalls calls_;
  TaskGroup group_;
  std::string waiting_;
  bool is_writing_ = false;
  bool is_over_ = false;  // nobody reads the answers
};

}  // namespace

Task<void> serve_mcp_lines(EventLoop& loop, McpTools& tools, RequestContext context, int input, int output) {
  McpLines lines(loop, tools, std::move(context), input, output);
  co_await lines.serve();
}

}  // namespace codehelper
