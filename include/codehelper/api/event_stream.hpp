// Answers that are told while they are made: a queue of server-sent events between the work and the open answer.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "codehelper/net/event_loop.hpp"
#include "codehelper/net/http.hpp"

namespace codehelper {

class EventQueue {
 public:
  explicit EventQueue(EventLoop& loop);

  /// Adds an event; ids count up from 1.
  void push(std::string_view event, const boost::json::object& data);
  /// As push(), but left out, and counted, while more than 8 MiB wait for a slow reader.
  void push_or_drop(std::string_view event, const boost::json::object& data);
  void close();

  /// The text of all events that wait; a keep-alive comment when there is none for 1 s, later for 10 s; empty after
  /// close().
  Task<std::string> take();
  /// Whether there was anything to take.
  bool has_begun() const { return has_begun_; }

 private:
  boost::asio::steady_timer news_;
  std::string waiting_;
  std::uint64_t next_id_ = 1;
  std::uint64_t dropped_ = 0;
  bool has_begun_ = false;
  bool closed_ = false;
};

/// An answer that can be told while it is made. `make` pushes its events to the queue, which is null when the caller
/// wants the whole answer only. What it returns is the answer, and in a stream the data of `last_event`; an error is
/// what `make_error` makes of it, and in a stream that has begun the data of the event "error".
struct ToldAnswer {
  std::function<Task<Result<boost::json::object>>(RequestContext, EventQueue*)> make;
  std::string last_event;
  ErrorReply make_error;
};
/// A stream when the request accepts one, else the whole answer. `make` is cancelled and awaited when the caller
/// leaves. `loop` outlives the reply.
Task<HttpReply> tell_answer(EventLoop& loop, RequestContext context, HttpRequest request, ToldAnswer answer);

}  // namespace codehelper
