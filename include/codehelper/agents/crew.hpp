// The crew that answers a chat: Manager (which roles, which questions), Coder (finds places in the code), Runner (runs
// the tests). Without a model the Manager's plan and the answer are made by rules: deterministic, and it says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/execute/command_runner.hpp"
#include "codehelper/index/project.hpp"
#include "codehelper/net/event_loop.hpp"
#include "codehelper/retrieve/retriever.hpp"

namespace codehelper {

struct ChatAttachment {
  std::string name;
  std::string text;
};

struct ChatRequest {
  std::string message;
  std::optional<Project> project;  // nothing: no project was posted
  std::vector<ChatAttachment> attachments;
  std::string conversation_id;  // empty = a new conversation
};

/// A place that the answer cites.
struct ChatSource {
  std::string path;
  int start_line = 1;  // 1-based, inclusive
  int end_line = 1;
  double score = 0;
  bool verified = false;  // these lines are in the file now, byte for byte
};

struct ChatStep {
  std::string role;     // "manager", "coder", "runner"
  std::string action;   // "plan", "search_code", "run_tests"
  std::string outcome;  // one sentence
};

struct ChatAnswer {
  std::string response;  // Markdown
  std::vector<ChatSource> sources;
  std::vector<ChatStep> steps;
  std::string conversation_id;
  std::optional<IndexMarker> index;            // that was searched; nothing = none was
  std::optional<std::uint64_t> changed_files;  // as in SearchResult
  std::string outcome = "answered";  // for the log: answered, nothing_found, not_indexed, search_failed, no_project
};

using StepSink = std::function<Task<void>(ChatStep)>;

/// What the Manager decides without a model. Pure.
struct ChatPlan {
  bool search = true;
  bool run_tests = false;  // the message asks to run the tests, or whether they pass
};
ChatPlan make_plan(std::string_view message);

class Crew {
 public:
  struct Parts {
    EventLoop& loop;
    Retriever& retriever;
    CommandRunner& runner;
    std::string model_note;  // why no model is asked; one sentence
  };
  /// What `parts` refers to outlives the crew.
  explicit Crew(Parts parts) : parts_(std::move(parts)) {}

  /// Steps are given to `on_step` (may be empty) as they end. A part that fails is said in the answer and is no error.
  /// Errors: cancelled, timeout.
  Task<Result<ChatAnswer>> answer(RequestContext context, ChatRequest request, StepSink on_step);

 private:
  Parts parts_;
};

}  // namespace codehelper
