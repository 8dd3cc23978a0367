#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>

#include "chat_input.hpp"
#include "chat_turn.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "line_editor.hpp"
#include "modes.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

// The fields of POST /chat that stay the same from one question to the next.
struct Conversation {
  std::string id;       // empty = a new one
  std::string project;  // empty = the server's current one
};

Result<Conversation> find_conversation(CrewClient& client, const Arguments& arguments) {
  Conversation conversation{arguments.conversation, {}};
  if (!arguments.project.empty()) conversation.project = absolute_project(arguments.project);
  if (!arguments.continues) return conversation;
  std::string target = "/conversations?limit=1";
  if (!conversation.project.empty()) target += "&project_path=" + encode_query(conversation.project);
  const auto answer = client.call({"GET", target});
  if (!answer) return std::unexpected(answer.error());
  const json::value* list = answer->if_contains("conversations");
  if (list == nullptr || !list->is_array()) return std::unexpected(foreign_answer());
  if (list->as_array().empty() || !list->as_array().front().is_object()) {
    return fail(ErrorCode::not_found, "there is no conversation to go on with; ask without --continue");
  }
  const json::object& last = list->as_array().front().as_object();
  conversation.id = text_in(last, "id");
  if (conversation.project.empty()) conversation.project = text_in(last, "project_path");
  return conversation;
}

json::object make_body(const Conversation& conversation, const std::string& message) {
  json::object body{{"message", message}};
  if (!conversation.id.empty()) body["conversation_id"] = conversation.id;
  if (!conversation.project.empty()) body["project_path"] = conversation.project;
  return body;
}

int ask_once(ChatTurn turn, const Conversation& conversation, const std::string& message, json::array attachments) {
  json::object body = make_body(conversation, message);
  if (!attachments.empty()) body["attachments"] = std::move(attachments);
  const auto answer = ask(turn, std::move(body));
  if (answer) return kExitDone;
  fail_mode("chat", answer.error());
  return answer.error().code == ErrorCode::cancelled ? kExitInterrupted : kExitFailed;
}

/// Questions as they are typed, until Ctrl-D, or Ctrl-C twice on an empty line.
int ask_as_typed(ChatTurn turn, Conversation conversation, const json::array& attachments, HistoryFile history) {
  // A Ctrl-C between two questions must not end the program.
  const boost::asio::signal_set guard(turn.client.loop().context(), SIGINT);
  LineEditor editor("> ", std::move(history));
  fmt::print(stderr, "{}\n",
             turn.terminal.err.paint(Tone::dim, "Ctrl-C stops an answer; Ctrl-D, or Ctrl-C twice, ends"));
  bool is_leaving = false;
  while (true) {
    const LineEditor::Line line = editor.read();
    if (line.end == LineEditor::End::closed) return kExitDone;
    if (line.end == LineEditor::End::interrupted) {
      if (is_leaving && line.text.empty()) return kExitDone;
      is_leaving = line.text.empty();
      if (is_leaving) fmt::print(stderr, "{}\n", turn.terminal.err.paint(Tone::dim, "once more to end"));
      continue;
    }
    is_leaving = false;
    if (is_blank(line.text)) continue;
    json::object body = make_body(conversation, line.text);
    if (!attachments.empty()) body["attachments"] = attachments;
    const auto answer = ask(turn, std::move(body));
    if (answer) {
      conversation.id = text_in(*answer, "conversation_id");
    } else {
      fail_mode("chat", answer.error());
    }
    fmt::print(stderr, "\n");
  }
}

}  // namespace

int run_chat(const Config& config, const Arguments& arguments) {
  auto attachments = load_attachments(arguments.attached);
  if (!attachments) return fail_mode("chat", attachments.error());
  const bool is_typed = arguments.text.empty() && ::isatty(STDIN_FILENO) == 1;
  std::string message = arguments.text;
  if (!is_typed) {
    const auto role = message.empty() ? PipedInput::the_message : PipedInput::beside_a_message;
    auto piped = read_standard_input(role);
    if (!piped) return fail_mode("chat", piped.error());
    if (*piped && role == PipedInput::the_message) {
      message = std::move(**piped);
    } else if (*piped) {
      attachments->push_back(json::object{{"name", "stdin"}, {"text", std::move(**piped)}});
    }
    if (message.empty()) {
      fmt::print(stderr, "codehelper chat: no message; give one as MESSAGE, or on standard input\n");
      return kExitUsage;
    }
  }
  auto client = CrewClient::make(config);
  if (!client) return fail_mode("chat", client.error());
  const auto conversation = find_conversation(**client, arguments);
  if (!conversation) return fail_mode("chat", conversation.error());
  const ChatTurn turn{**client, find_terminal(), arguments.json};
  if (!is_typed) return ask_once(turn, *conversation, message, std::move(*attachments));
  const std::filesystem::path& dir = config.index.data_dir;
  HistoryFile history(dir.empty() ? dir : dir / "chat_history");
  return ask_as_typed(turn, *conversation, *attachments, std::move(history));
}

}  // namespace codehelper
