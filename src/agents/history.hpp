// What a question is told of the conversation before it: the last turns in full as far as they fit, those before in a
// few words each, and how many more there were.
#pragma once

#include <vector>

#include "codehelper/agents/conversation_store.hpp"
#include "codehelper/agents/language_model.hpp"

namespace codehelper {

/// At most about `limit_tokens`, oldest first. Pure.
std::vector<ModelMessage> make_history(const std::vector<ConversationTurn>& turns, std::size_t limit_tokens);

}  // namespace codehelper
