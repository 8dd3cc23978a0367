// The crew's answers and errors in the shapes of OpenAI's API. Pure.
//
// The text of a stream comes when the answer has been checked, in small pieces: which round of the model is the last
// one is known only at its end, and marks of what could not be verified can't be put into text that is already sent.
// Until then the role, the crew's steps as "reasoning_content", and comments show that it is at work. So both ways of
// asking give the same text, which ends with the sources and what else there is to know.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "codehelper/api/chat_runs.hpp"

namespace codehelper {

struct CompletionStyle {
  std::string id;            // "chatcmpl-…"
  std::string model;         // as it was asked for
  std::int64_t created = 0;  // seconds since 1970
  bool is_stream = false;
  bool wants_usage = false;  // of a stream
  std::size_t left_out = 0;  // parts of the messages that are no text
};

/// `answer` as POST /chat answers.
boost::json::object make_completion(const CompletionStyle& style, const boost::json::object& answer);
/// The chunks that tell an event of a chat run; empty for those that OpenAI's API has no word for.
std::string make_completion_chunks(const CompletionStyle& style, const RunEvent& event);
/// {"error":{"message","type","param","code"}} of an error envelope.
HttpReply make_openai_error(HttpReply reply);

}  // namespace codehelper
