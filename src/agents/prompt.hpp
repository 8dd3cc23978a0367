// What the Coder is told: its rules, the conversation before, and the evidence that fits, best first. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codehelper/agents/crew.hpp"

namespace codehelper {

/// How a model's window is shared out, in tokens.
struct PromptBudget {
  std::size_t context = 0;   // of prompt and answer together
  std::size_t output = 0;    // kept free for the answer
  std::size_t history = 0;   // at most
  std::size_t evidence = 0;  // at most: what the first prompt shows of the code
  std::size_t question = 0;  // at most; what is longer is attached, and read in pieces

  /// What a prompt may have.
  std::size_t prompt() const { return context - output; }
};
/// `fixed_tokens`: of rules and tools.
PromptBudget share_out(const ModelFacts& facts, std::size_t fixed_tokens, bool is_edit);

struct PromptTask {
  std::string message;  // secrets masked
  std::string project_name;
  std::string pinned_repo;
  std::string instructions = {};  // of the caller's program
  bool is_edit = false;
  bool can_run = false;
  std::vector<ModelMessage> history = {};
  std::vector<std::string> attachments = {};  // names and numbers of lines, for read_lines
  std::string run_report = {};                // of tests that were run, with their output
  std::string web_report = {};
  std::string index_report = {};  // how fresh the index is, or why there is none
};

/// One place of the first prompt.
struct EvidencePiece {
  std::string title;  // "src/a.cpp:10-20 (Widget::run)"
  std::string lines;  // numbered, secrets masked
};

/// How many of the pieces, from the first, fit; one is cut to fit when it alone is too much.
std::size_t fit_evidence(std::vector<EvidencePiece>& pieces, std::size_t limit_tokens);

/// The rules of the Coder.
std::string make_rules(const PromptTask& task);
std::vector<ModelMessage> make_prompt(const PromptTask& task, const std::vector<EvidencePiece>& evidence);

/// Shortens the oldest results of tools until the request fits in `limit_tokens`, with a notice in each. Returns
/// whether it fits.
bool make_room(ModelRequest& request, std::size_t limit_tokens);

}  // namespace codehelper
