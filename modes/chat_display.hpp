// Shows an answer of the crew on the standard streams, first its events and then the whole of it.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>

#include "terminal.hpp"

namespace codehelper {

class ChatDisplay {
 public:
  enum class Format { text, json };
  ChatDisplay(Terminal terminal, Format format) : terminal_(terminal), format_(format) {}

  void take(std::string_view event, const boost::json::object& data);
  /// The whole answer: what of it wasn't shown yet. Errors: unavailable when it is none of a Crew API.
  Result<void> finish(const boost::json::object& answer);
  /// Ends the line that the answer broke off in.
  void break_off();

 private:
  void take_tool(const boost::json::object& result);
  void take_token(const boost::json::object& token);
  void show_line(std::string_view text);
  void show_response(std::string_view response);
  void show_sources(const boost::json::object& answer);
  void show_notes(const boost::json::object& answer);

  Terminal terminal_;
  Format format_;
  std::map<std::string, std::string, std::less<>> calls_;  // arguments of tool calls under way, by their id
  std::uint64_t round_ = 0;
  std::string streamed_;  // of this round, on standard output
  bool is_line_open_ = false;
};

}  // namespace codehelper
