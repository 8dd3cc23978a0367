// A dependency that answers well up to a certain byte of all that it sends, and then cuts the connection or stalls, for
// good; or one that lies in a certain place of its JSON.
#pragma once

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/scripted_server.hpp"

namespace codehelper::test {

/// One lie: `text` in place of the value at `pointer` (RFC 6901) of the JSON in the given line of the given answer.
struct Lie {
  std::size_t answer = 0;
  std::size_t line = 0;
  std::string pointer;
  std::string text;
};

/// Where the JSON object of a line begins: at once, or behind "data: "; npos when there is none.
inline std::size_t find_object(std::string_view line) {
  const std::size_t at = line.find('{');
  return at == 0 || line.starts_with("data: {") ? at : std::string_view::npos;
}

inline std::vector<std::string> cut_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

/// Pointers to all values in it, its own ("") included.
inline void collect_pointers(const boost::json::value& value, const std::string& at, std::vector<std::string>& found) {
  found.push_back(at);
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) collect_pointers(member, at + "/" + std::string(key), found);
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      collect_pointers(value.as_array()[i], at + "/" + std::to_string(i), found);
    }
  }
}

inline std::string tell_lie(std::string_view body, const Lie& lie) {
  std::vector<std::string> lines = cut_lines(body);
  std::string& line = lines.at(lie.line);
  const std::size_t begin = find_object(line);
  boost::json::value value = boost::json::parse(line.substr(begin));
  constexpr std::string_view kMark = "(lie)";
  boost::system::error_code error;
  *value.find_pointer(lie.pointer, error) = kMark;
  std::string told = boost::json::serialize(value);
  told.replace(told.find(fmt::format("\"{}\"", kMark)), kMark.size() + 2, lie.text);
  line = line.substr(0, begin) + told + "\n";
  std::string changed;
  for (const std::string& part : lines) changed += part;
  return changed;
}

class AttackedPeer {
 public:
  enum class Attack { none, cut, stall };
  /// The body of the good answer to a request, given its first line. Nothing = status 404.
  using GoodAnswer = std::function<std::optional<std::string>(const std::string& line)>;

  AttackedPeer(EventLoop& loop, GoodAnswer good)
      : good_(std::move(good)), server_(loop, [this](ScriptedPeer& peer, int) { return serve(peer); }) {}

  std::string url() const { return server_.url(); }
  /// After `byte` bytes.
  void attack(Attack attack, std::size_t byte) {
    attack_ = attack;
    left_ = byte;
  }
  void lie(Lie lie) { lie_ = std::move(lie); }
  /// Of the head of each answer: "Content-Length: 5\r\n" for what would be said of its length.
  void say_length(std::string field) { length_ = std::move(field); }
  /// What was sent until now.
  const std::vector<std::string>& bodies() const { return bodies_; }
  std::size_t sent_bytes() const { return sent_bytes_; }

 private:
  Task<void> serve(ScriptedPeer& peer) {
    while (true) {
      const std::string request = co_await peer.read_request();
      if (request.empty()) co_return;
      std::string bytes = answer(request.substr(0, request.find("\r\n")));
      const bool is_attacked = attack_ != Attack::none && bytes.size() > left_;
      if (is_attacked) bytes.resize(left_);
      left_ -= bytes.size();
      sent_bytes_ += bytes.size();
      co_await peer.write(std::move(bytes));
      if (is_attacked && attack_ == Attack::stall) co_await peer.wait_for_close();
      if (is_attacked || length_) co_return;
    }
  }

  std::string answer(const std::string& line) {
    const auto good = good_(line);
    std::string body = good.value_or("{}");
    if (lie_ && lie_->answer == bodies_.size()) body = tell_lie(body, *lie_);
    bodies_.push_back(body);
    const std::string_view type = body.contains("data: ") ? "text/event-stream" : "application/json";
    return fmt::format("HTTP/1.1 {} X\r\nContent-Type: {}\r\n{}\r\n{}", good ? 200 : 404, type,
                       length_.value_or(fmt::format("Content-Length: {}\r\n", body.size())), body);
  }

  GoodAnswer good_;
  ScriptedServer server_;
  Attack attack_ = Attack::none;
  std::size_t left_ = 0;
  std::optional<Lie> lie_;
  std::optional<std::string> length_;
  std::vector<std::string> bodies_;
  std::size_t sent_bytes_ = 0;
};

}  // namespace codehelper::test
