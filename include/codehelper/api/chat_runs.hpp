// Chat answers that are told while they are made, to any number of readers: each run keeps its events, so that a reader
// whose connection broke goes on where it was. A run that nobody reads any more is ended, unless it is to go on.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codehelper/net/event_loop.hpp"
#include "codehelper/net/http.hpp"
#include "codehelper/net/task_group.hpp"

namespace codehelper {

enum class OnDisconnect { cancel, go_on };

struct RunEvent {
  std::string name;
  std::string data;  // JSON
};
/// How a door tells event number `number`, from 1; empty = it doesn't.
using RunEventText = std::function<std::string(std::size_t number, const RunEvent& event)>;

class ChatRun {
 public:
  /// Makes the answer, and pushes events on the way.
  using Work = std::function<Task<Result<boost::json::object>>(RequestContext, ChatRun&)>;

  ChatRun(EventLoop& loop, std::string id, RequestContext context, OnDisconnect on_disconnect);

  const std::string& id() const { return id_; }
  bool has_ended() const { return result_.has_value(); }
  /// Adds an event; ids count up from 1. What a command writes ("output") is left out beyond 4 MiB.
  void push(std::string_view event, const boost::json::object& data);

 private:
  friend class ChatRuns;

  Task<void> work(Work make);
  bool is_told(std::size_t after) const { return result_ && after >= events_.size(); }
  /// The events after number `after`, which becomes that of the last one.
  std::string take(std::size_t& after, const RunEventText& text_of) const;
  /// Until there is an event, the run has ended, or `latest`.
  Task<void> wait(std::chrono::steady_clock::time_point latest);
  void wake_readers();
  void leave();

  std::string id_;
  RequestContext context_;
  OnDisconnect on_disconnect_;
  TaskGroup group_;
  std::set<boost::asio::steady_timer*> waiting_;  // of readers
  std::vector<RunEvent> events_;
  std::size_t output_bytes_ = 0;
  std::size_t readers_ = 0;
  std::optional<Result<boost::json::object>> result_;  // of a run that has ended
};

class ChatRuns {
 public:
  /// `loop` outlives it. shut_down() comes first.
  explicit ChatRuns(EventLoop& loop) : loop_(loop) {}

  /// Starts a run: "started" is its first event, "done" with the answer or "error" the last one. A run is remembered
  /// for ten minutes after its end, and the last hundred of them at most.
  std::shared_ptr<ChatRun> start(RequestContext context, OnDisconnect on_disconnect, boost::json::object started,
                                 ChatRun::Work work);
  /// Null when there is no such run.
  std::shared_ptr<ChatRun> find(const std::string& id) const;
  /// Ends it; its last event is then "error" with "cancelled".
  static void stop(ChatRun& run);
  /// A stream of the events after number `after`. The reader's leaving is the end of the run as it was started.
  static HttpReply follow(std::shared_ptr<ChatRun> run, std::size_t after);
  /// The same with the events as `text_of` tells them. A comment comes when there is nothing to tell at first, and
  /// whenever nothing was told for 10 s.
  static HttpReply follow(std::shared_ptr<ChatRun> run, std::size_t after, RunEventText text_of);
  /// The answer, when it is made; the caller's leaving ends the run.
  static Task<Result<boost::json::object>> await_answer(std::shared_ptr<ChatRun> run);
  /// Ends every run.
  Task<void> shut_down();

 private:
  static Task<Result<void>> tell_events(std::shared_ptr<ChatRun> run, std::size_t after, RunEventText text_of,
                                        BodyWriter& writer);
  void forget_old();

  EventLoop& loop_;
  std::map<std::string, std::shared_ptr<ChatRun>> runs_;
  std::vector<std::pair<std::chrono::steady_clock::time_point, std::string>> started_;  // oldest first
};

}  // namespace codehelper
