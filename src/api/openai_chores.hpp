// What a chat program asks for itself after each turn, of the same model: a title, tags, follow-up questions, search
// queries (Open WebUI: prompts that begin with "### Task:"). No crew is needed for it.
#pragma once

#include <string>
#include <string_view>

#include "codehelper/agents/language_model.hpp"

namespace codehelper {

bool is_chore(std::string_view question);
/// Without a model: the JSON object that the prompt asks for, with a title made of the first question, the tag
/// "General", and empty lists and texts; a prompt that asks for none gets the title alone. Pure.
std::string make_chore_answer(std::string_view prompt);
/// By the model, when there is one that answers (`model` may be null).
Task<std::string> answer_chore(RequestContext context, LanguageModel* model, std::string prompt);

}  // namespace codehelper
