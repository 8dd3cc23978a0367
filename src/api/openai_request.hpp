// The body of POST /v1/chat/completions, read as clients send it: fields that are not known are left alone, and so are
// "tools" (the crew has its own), sampling and lengths.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "codehelper/agents/crew.hpp"

namespace codehelper {

struct CompletionRequest {
  std::string model;
  std::string question;                     // what the user said last
  std::string instructions;                 // of the messages of roles system and developer
  std::vector<ConversationTurn> history;    // before the question
  std::vector<ChatAttachment> attachments;  // what the client's own tools gave since the question
  std::size_t left_out = 0;                 // parts of messages that are no text
  bool is_stream = false;
  bool wants_usage = false;  // of a stream
};

/// Errors: invalid_field, with the field's name; invalid_input for more than one choice. Pure.
Result<CompletionRequest> parse_completion_request(const boost::json::object& body);

}  // namespace codehelper
